//! A long pattern on a long text: all places of the pattern are tried at once, 64 to a machine word.
//!
//! The walk of `pattern.rs` may compare every place of the pattern with every character of the text, and a policy of six thousand
//! characters held against a header of sixty thousand would take seconds, as often as its writer likes.

use std::{borrow::Cow, collections::BTreeMap};

use super::Step;

/// Where a character stands in the pattern.
enum Places {
    /// In few places.
    Few(Vec<usize>),
    /// As a set, with the places where any character may stand.
    Many(Vec<u64>),
}

fn set(places: &[usize], words: usize) -> Vec<u64> {
    let mut set = vec![0; words];
    for place in places {
        set[place / 64] |= 1 << (place % 64);
    }
    set
}

/// Whether the pattern covers the whole text, as `walk` has it.
pub(super) fn covers(steps: &[Step], values: &[Cow<'_, str>], text: &str) -> bool {
    let mut values = values.iter();
    let mut length = 0;
    let (mut any, mut runs) = (Vec::new(), Vec::new());
    let mut of: BTreeMap<char, Vec<usize>> = BTreeMap::new();
    for step in steps {
        let literal: &str = match step {
            Step::Run => {
                runs.push(length);
                ""
            }
            Step::One => {
                any.push(length);
                length += 1;
                ""
            }
            Step::Literal(text) => text,
            Step::Variable(_) => values.next().map_or("", |value| value),
        };
        for character in literal.chars() {
            of.entry(character).or_default().push(length);
            length += 1;
        }
    }
    let words = length / 64 + 1;
    let (any, runs) = (set(&any, words), set(&runs, words));
    let of: BTreeMap<char, Places> = of
        .into_iter()
        .map(|(character, places)| {
            let places = if places.len() < words {
                Places::Few(places)
            } else {
                let mut all = set(&places, words);
                all.iter_mut().zip(&any).for_each(|(all, any)| *all |= any);
                Places::Many(all)
            };
            (character, places)
        })
        .collect();
    // The places that what was read of the text may have come to: at first that before the first.
    let mut here = set(&[0], words);
    let mut next = vec![0; words];
    for character in text.chars() {
        let places = of.get(&character);
        let fitting = match places {
            Some(Places::Many(all)) => all,
            _ => &any,
        };
        for ((next, here), fitting) in next.iter_mut().zip(&here).zip(fitting) {
            *next = here & fitting;
        }
        if let Some(Places::Few(places)) = places {
            for place in places {
                next[place / 64] |= here[place / 64] & (1 << (place % 64));
            }
        }
        // Whatever fits is one place on, and a run stays where it is.
        let mut carried = 0;
        for ((next, here), runs) in next.iter_mut().zip(&here).zip(&runs) {
            let over = *next >> 63;
            *next = (*next << 1) | carried | (here & runs);
            carried = over;
        }
        std::mem::swap(&mut here, &mut next);
    }
    here[length / 64] & (1 << (length % 64)) != 0
}
