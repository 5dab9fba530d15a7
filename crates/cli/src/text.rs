//! Text: the next symbol, a byte of the file.

use crate::args::{Generate, Wishes};
use crate::failure::Failure;
use crate::settings::Usual;
use crate::task::{Example, Task, Verdict, Wanted};
use elman::autograd::{Graph, Params, Var};
use elman::data::{Alphabet, Piece, Streams};
use elman::rnn::{Architecture, Carried, Cell, Input, Kind, Network, Online, Stream};
use elman::tensor::{Random, Tensor};
use elman::train::{Sampler, cross_entropy};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use std::f64::consts::LN_2;
use std::ops::Range;

/// What a model of text follows from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The bytes that occur, in their order.
    pub(crate) alphabet: Vec<u8>,
}

/// A text to learn.
pub(crate) struct Text {
    ids: Vec<u32>,
    symbols: usize,
    train: Range<usize>,
    validation: Range<usize>,
    test: Range<usize>,
    window: usize,
    rows: usize,
    piece: Piece,
    state: Carried<f32>,
    online: Online,
}

/// The most symbols of a part that a training reads to judge by.
const READ: usize = 20_000;

impl Text {
    /// The settings of a text, with the network for them.
    pub(crate) fn plan(
        file: &str,
        text: &[u8],
        wishes: &Wishes,
    ) -> Result<(Settings, Usual, Architecture), Failure> {
        enough(text).map_err(|few| {
            let advice = "(A table has the ending .csv, .tsv or .jsonl)";
            Failure::Data(format!("{file}: {few}. {advice}"))
        })?;
        let alphabet = Alphabet::of(text);
        if alphabet.len() < 2 {
            return Err(Failure::Data(format!("{file}: the text is one byte again and again")));
        }
        let usual = Usual {
            cell: Kind::Lstm,
            hidden: if text.len() < 100_000 { 128 } else { 256 },
            steps: 2500,
            batch: 32,
            window: 64,
            validate_every: 100,
        };
        let symbols = alphabet.len();
        let input = Input::Symbols { count: symbols, size: symbols.min(32) };
        let network = usual.network(wishes, input, symbols)?;
        Ok((Settings { alphabet: alphabet.bytes().to_vec() }, usual, network))
    }

    /// The task of some settings.
    pub(crate) fn new(
        text: &[u8],
        settings: &Settings,
        [window, rows]: [usize; 2],
        network: &Network,
    ) -> Result<Self, Failure> {
        enough(text).map_err(Failure::Data)?;
        let ids = settings.alphabet().encode(text)?;
        let held = ids.len() / 20;
        let (first, second) = (ids.len() - 2 * held, ids.len() - held);
        // For its error, before anything is computed.
        Streams::new(&ids[..first], window, rows).map_err(|_| {
            Failure::Usage(format!(
                "--window {window} times --batch {rows} is more than the {first} bytes to learn \
                 from; choose smaller ones"
            ))
        })?;
        let test = second..ids.len().min(second + READ);
        let parts = [0..first, first..second.min(first + READ), test];
        Text::of(ids, parts, [window, rows], settings, network)
    }

    /// Another text, all of which is to be reported. That which was learned from is not read.
    pub(crate) fn whole(
        file: &str,
        text: &[u8],
        settings: &Settings,
        network: &Network,
    ) -> Result<Self, Failure> {
        if text.len() < 2 {
            let bytes = text.len();
            return Err(Failure::Data(format!("{file}: {bytes} bytes of text; wanted at least 2")));
        }
        let alphabet = settings.alphabet();
        if let Some(place) = text.iter().position(|&byte| alphabet.id(byte).is_none()) {
            let line = 1 + text[..place].iter().filter(|&&byte| byte == b'\n').count();
            return Err(Failure::Data(format!(
                "{file}, line {line}: `{}` did not occur in the text that was learned from",
                text[place..=place].escape_ascii()
            )));
        }
        let ids = alphabet.encode(text)?;
        let parts = [0..0, 0..0, 0..ids.len()];
        Text::of(ids, parts, [0, 0], settings, network)
    }

    fn of(
        ids: Vec<u32>,
        [train, validation, test]: [Range<usize>; 3],
        [window, rows]: [usize; 2],
        settings: &Settings,
        network: &Network,
    ) -> Result<Self, Failure> {
        let (symbols, online) = (settings.alphabet.len(), network.online()?);
        let (piece, state) = (Piece::new(), Carried::new());
        Ok(Text { ids, symbols, train, validation, test, window, rows, piece, state, online })
    }

    /// The mean surprise at the symbols of a part, in bits.
    fn bits(
        &self,
        network: &Network,
        params: &Params<f32>,
        part: &Range<usize>,
    ) -> Result<f64, Failure> {
        let ids = &self.ids[part.clone()];
        let mut stream = Stream::new(params, &self.online);
        let mut nats = 0.0;
        for pair in ids.windows(2) {
            let logits = stream.push(vector(network, params, pair[0])?)?;
            let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = logits.iter().map(|&x| libm::exp(f64::from(x - most))).sum();
            nats += libm::log(sum) - f64::from(logits[pair[1] as usize] - most);
        }
        Ok(nats / LN_2 / ids.len().saturating_sub(1).max(1) as f64)
    }

    /// The same by counting in the part that is learned from what follows each `order` symbols.
    fn counted(&self, order: usize) -> f64 {
        let mut counts = std::collections::HashMap::<&[u32], Vec<u32>>::new();
        for run in self.ids[self.train.clone()].windows(order + 1) {
            let seen = counts.entry(&run[..order]).or_insert_with(|| vec![0; self.symbols]);
            seen[run[order] as usize] += 1;
        }
        let test = &self.ids[self.test.clone()];
        let bits = |run: &[u32]| {
            let seen = counts.get(&run[..order]);
            let of = |symbol: u32| 1.0 + seen.map_or(0.0, |seen| f64::from(seen[symbol as usize]));
            let all: f64 = (0..self.symbols as u32).map(of).sum();
            libm::log2(all / of(run[order]))
        };
        let runs = test.windows(order + 1);
        let count = runs.len().max(1) as f64;
        runs.map(bits).sum::<f64>() / count
    }
}

/// An error, in words, for a text of which no part could be held out.
fn enough(text: &[u8]) -> Result<(), String> {
    const FEWEST: usize = 5_000;
    match text.len() {
        FEWEST.. => Ok(()),
        bytes => Err(format!(
            "{bytes} bytes of text are too few to learn from; wanted at least {FEWEST}"
        )),
    }
}

/// What the network reads for a symbol.
fn vector<'p>(
    network: &Network,
    params: &'p Params<f32>,
    symbol: u32,
) -> Result<&'p [f32], Failure> {
    let embedding = network.embedding().and_then(|table| table.row(params, symbol));
    embedding.ok_or_else(|| Failure::Inside(format!("symbol {symbol} has no vector")))
}

impl Settings {
    fn alphabet(&self) -> Alphabet {
        Alphabet::of(&self.alphabet)
    }

    /// Writes text.
    pub(crate) fn generate(
        &self,
        network: &Network,
        params: &Params<f32>,
        wishes: &Generate,
    ) -> Result<Vec<u8>, Failure> {
        let alphabet = self.alphabet();
        let unknown = |byte: u8| {
            let byte = [byte];
            Failure::Usage(format!(
                "--prompt has `{}`, which did not occur in the text that was learned from",
                byte.escape_ascii()
            ))
        };
        let known = |&byte: &u8| alphabet.id(byte).ok_or_else(|| unknown(byte));
        let prompt: Vec<u32> =
            wishes.prompt.as_bytes().iter().map(known).collect::<Result<_, _>>()?;
        let mut sampler = Sampler::new(wishes.temperature)?;
        if let Some(k) = wishes.top_k {
            sampler = sampler.top_k(k)?;
        }
        if let Some(p) = wishes.nucleus {
            sampler = sampler.nucleus(p)?;
        }
        let mut random = Random::new(wishes.seed, "text", 0);
        let mut stream = Stream::new(params, network.online()?);
        // Without a prompt it begins as after the end of a line, if there are lines.
        let begin = alphabet.id(b'\n').unwrap_or(0);
        let (mut last, mut text) = (begin, wishes.prompt.clone().into_bytes());
        for symbol in prompt {
            stream.push(vector(network, params, last)?)?;
            last = symbol;
        }
        for _ in 0..wishes.length {
            let logits = stream.push(vector(network, params, last)?)?;
            last = sampler.draw(logits, &mut random).unwrap_or(begin);
            text.extend(alphabet.byte(last));
        }
        Ok(text)
    }
}

impl Task for Text {
    fn prepare(&mut self, step: u64) -> Result<(), Failure> {
        let ids = &self.ids[self.train.clone()];
        Streams::new(ids, self.window, self.rows)?.fill(&mut self.piece, step)?;
        if self.piece.begins {
            self.state.reset();
        }
        Ok(())
    }

    fn loss<'g>(&mut self, g: &'g Graph<'g, f32>, network: &Network) -> Var<'g, f32> {
        let state = self.state.enter(&self.online, g, self.rows);
        let xs = network.symbols(g, &self.piece.read, self.rows);
        let (logits, last) = self.online.sequence(xs, state);
        self.state.keep(&last);
        cross_entropy(logits, g.ids(&self.piece.next))
    }

    fn validate(
        &mut self,
        network: &Network,
        params: &Params<f32>,
    ) -> Result<Vec<(&'static str, f64)>, Failure> {
        Ok(vec![("bits", self.bits(network, params, &self.validation)?)])
    }

    /// The beginning of the part that is chosen by.
    fn example(&self, network: &Network, params: &Params<f32>) -> Result<Example, Failure> {
        let ids = &self.ids[self.validation.clone()];
        let steps = self.window.min(ids.len().saturating_sub(1));
        let mut read = Vec::new();
        for &id in &ids[..steps] {
            read.extend_from_slice(vector(network, params, id)?);
        }
        let &[.., next] = &ids[..ids.len().min(steps + 1)] else {
            return Err(Failure::Inside("a text without a part to choose by".into()));
        };
        let x = Tensor::new([steps, 1, read.len() / steps.max(1)], read)?;
        Ok(Example { x, wanted: Wanted::Class(next) })
    }

    fn carried(&self) -> &[f32] {
        self.state.values().unwrap_or_default()
    }

    fn carry(&mut self, carried: &[f32]) {
        self.state.reset();
        if !carried.is_empty() {
            self.state.set(carried);
        }
    }

    fn judge(&mut self, network: &Network, params: &Params<f32>) -> Result<Verdict, Failure> {
        let bits = self.bits(network, params, &self.test)?;
        let held_out = !self.validation.is_empty();
        let others = (!self.train.is_empty()).then(|| [self.counted(1), self.counted(2)]);
        let mut numbers = Map::new();
        numbers.insert("bits".into(), json!(bits));
        numbers.insert("pairs".into(), json!(others.map(|[pairs, _]| pairs)));
        numbers.insert("triples".into(), json!(others.map(|[_, triples]| triples)));
        numbers.insert("bytes".into(), json!(self.test.len()));
        numbers.insert("held_out".into(), json!(held_out));
        let which = match held_out {
            true => {
                let (first, last) = (self.test.start + 1, self.test.end);
                format!("bytes {first} to {last}, which were held out")
            }
            false => format!("all {} bytes", self.test.len()),
        };
        let others = others.map_or(String::new(), |[pairs, triples]| {
            format!("; counting pairs {pairs:.3}, counting triples {triples:.3}")
        });
        Ok(Verdict {
            sentence: format!("On {which}, a byte costs {bits:.3} bits{others}."),
            numbers,
        })
    }
}
