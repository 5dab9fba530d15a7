"""JAX on the CPU: the cells as equations under lax.scan, Adam from optax, all of a training step
compiled by XLA into one program. The products with the inputs are taken out of the scan, as is
usual.
"""

import os

import clock

# XLA takes as many threads as it finds cores.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: clock.threads()])

import jax
import jax.numpy as jnp
import optax

jax.config.update("jax_platforms", "cpu")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def weights(key, cell, inputs, hidden):
    bound = hidden**-0.5
    width = GATES[cell] * hidden
    w, u, b, c = jax.random.split(key, 4)

    def uniform(key, *shape):
        return jax.random.uniform(key, shape, jnp.float32, -bound, bound)

    params = {"w": uniform(w, inputs, width), "u": uniform(u, hidden, width), "b": uniform(b, width)}
    # The bias inside of the GRU's reset product.
    return params | {"c": uniform(c, hidden)} if cell == "gru" else params


def advance(cell, p, state, a):
    """The next state, from the last one and the part of the sums that the input has."""
    if cell == "rnn":
        return jnp.tanh(a + state @ p["u"])
    if cell == "lstm":
        h, c = state
        i, f, g, o = jnp.split(a + h @ p["u"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c
    q = state @ p["u"]
    (ar, az, an), (qr, qz, qn) = jnp.split(a, 3, axis=-1), jnp.split(q, 3, axis=-1)
    r, z = jax.nn.sigmoid(ar + qr), jax.nn.sigmoid(az + qz)
    n = jnp.tanh(an + r * (qn + p["c"]))
    return (1 - z) * n + z * state


def output(cell, state):
    return state[0] if cell == "lstm" else state


def zeros(cell, batch, hidden):
    h = jnp.zeros((batch, hidden), jnp.float32)
    return (h, h) if cell == "lstm" else h


def train(w):
    cell, keys = w["cell"], jax.random.split(jax.random.key(1), 4)
    bound = w["hidden"] ** -0.5
    head = jax.random.uniform(keys[1], (w["hidden"], w["output"]), jnp.float32, -bound, bound)
    params = {
        "cell": weights(keys[0], cell, w["input"], w["hidden"]),
        "head": {"w": head, "b": jnp.zeros(w["output"], jnp.float32)},
    }
    x = jax.random.normal(keys[2], (w["time"], w["batch"], w["input"]), jnp.float32)
    y = jax.random.normal(keys[3], (w["time"], w["batch"], w["output"]), jnp.float32)
    adam = optax.adam(1e-3)

    def loss_of(params, x, y):
        p = params["cell"]

        def body(state, a):
            state = advance(cell, p, state, a)
            return state, output(cell, state)

        first = zeros(cell, w["batch"], w["hidden"])
        _, outputs = jax.lax.scan(body, first, x @ p["w"] + p["b"])
        prediction = outputs @ params["head"]["w"] + params["head"]["b"]
        return jnp.mean((prediction - y) ** 2)

    def update(params, moments, x, y):
        loss, gradient = jax.value_and_grad(loss_of)(params, x, y)
        change, moments = adam.update(gradient, moments, params)
        return optax.apply_updates(params, change), moments, loss

    update = jax.jit(update, donate_argnums=(0, 1))
    moments = adam.init(params)

    def steps(n):
        nonlocal params, moments
        for _ in range(n):
            params, moments, loss = jax.block_until_ready(update(params, moments, x, y))
        return loss

    return steps


def stream(w):
    cell, keys = w["cell"], jax.random.split(jax.random.key(1), 2)
    p = weights(keys[0], cell, w["input"], w["hidden"])
    x = jax.random.normal(keys[1], (1, w["input"]), jnp.float32)
    state = zeros(cell, 1, w["hidden"])

    @jax.jit
    def once(state, x):
        return advance(cell, p, state, x @ p["w"] + p["b"])

    def steps(n):
        nonlocal state
        for _ in range(n):
            state = jax.block_until_ready(once(state, x))
        return output(cell, state)

    return steps


if __name__ == "__main__":
    clock.run("jax", train, stream)
