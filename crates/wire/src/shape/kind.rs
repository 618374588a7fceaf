//! The tables themselves: kinds of values with their constraints, members with their places, structures.
//!
//! Everything is built by `const fn`s, so that a table costs nothing at start.

use std::sync::OnceLock;

use regex::Regex;

/// What a value is, and what AWS demands of it.
#[derive(Debug)]
pub enum Kind {
    /// A string.
    Text(Text),
    /// A 32-bit integer within bounds.
    Integer(i64, i64),
    /// A 64-bit integer within bounds.
    Long(i64, i64),
    /// A floating-point number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// A point in time; None is the protocol's own format.
    Time(Option<TimeFormat>),
    /// Bytes, base64 in text.
    Blob,
    /// Bytes that are not collected.
    Stream,
    /// A list: its items, the element name of an item where the model names one, whether flattened, bounds of its length.
    List {
        /// What it holds.
        of: &'static Kind,
        /// Element name of an item; `member` without one.
        item: Option<&'static str>,
        /// Items stand directly in the parent, without an element around them.
        flattened: bool,
        /// Fewest and most items.
        length: (u32, u32),
    },
    /// A map from text.
    Map {
        /// What the keys are.
        key: &'static Kind,
        /// What the values are.
        of: &'static Kind,
        /// Fewest and most entries.
        length: (u32, u32),
    },
    /// A structure. A function, so that structures can hold one another.
    Structure(fn() -> &'static Structure),
}

impl Kind {
    /// Whether a value must not be logged.
    pub fn is_sensitive(&self) -> bool {
        matches!(self, Kind::Text(text) if text.sensitive)
    }

    /// Whether the value is a list whose items stand directly in the parent.
    pub fn is_flattened(&self) -> bool {
        matches!(
            self,
            Kind::List {
                flattened: true,
                ..
            }
        )
    }

    /// A list of `of` without further demands.
    pub const fn list(of: &'static Kind) -> Kind {
        Kind::List {
            of,
            item: None,
            flattened: false,
            length: (0, u32::MAX),
        }
    }
}

/// What AWS demands of a string.
#[derive(Debug)]
pub struct Text {
    /// Fewest characters.
    pub min: u32,
    /// Most characters.
    pub max: u32,
    /// The pattern that the whole text must match.
    pub pattern: Option<&'static Pattern>,
    /// The values it may have; empty: any.
    pub values: &'static [&'static str],
    /// Never to be logged.
    pub sensitive: bool,
}

impl Text {
    /// Any text.
    pub const fn any() -> Text {
        Text {
            min: 0,
            max: u32::MAX,
            pattern: None,
            values: &[],
            sensitive: false,
        }
    }
    /// With at least `min` and at most `max` characters.
    pub const fn length(mut self, min: u32, max: u32) -> Text {
        self.min = min;
        self.max = max;
        self
    }
    /// Matching a pattern.
    pub const fn pattern(mut self, pattern: &'static Pattern) -> Text {
        self.pattern = Some(pattern);
        self
    }
    /// One of these values.
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Text {
        self.values = values;
        self
    }
    /// Never to be logged.
    pub const fn sensitive(mut self) -> Text {
        self.sensitive = true;
        self
    }
}

/// A pattern of AWS's, and the same in the dialect of the `regex` crate, compiled when first needed.
///
/// The crate matches in linear time, so no input can make it slow.
#[derive(Debug)]
pub struct Pattern {
    /// As AWS prints it.
    pub text: &'static str,
    regex: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern as AWS prints it and its translation.
    pub const fn new(text: &'static str, regex: &'static str) -> Pattern {
        Pattern {
            text,
            regex,
            compiled: OnceLock::new(),
        }
    }

    /// Whether the whole text matches. A pattern that does not compile matches nothing; a test compiles them all.
    pub fn matches(&self, text: &str) -> bool {
        self.compile().is_some_and(|regex| regex.is_match(text))
    }

    /// The compiled pattern, None if it is wrong.
    pub fn compile(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| Regex::new(self.regex).ok())
            .as_ref()
    }
}

/// A format of time that a model prescribes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFormat {
    /// `2017-12-05T04:13:50Z`.
    Iso8601,
    /// `Tue, 05 Dec 2017 04:13:50 GMT`.
    Http,
    /// Epoch seconds.
    Epoch,
}

/// Where in an HTTP message a member stands. The query and JSON protocols have everything in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An element of the body.
    Body,
    /// The whole body.
    Payload,
    /// A part of the path.
    Uri,
    /// A parameter of the query string.
    Query,
    /// A header.
    Header,
    /// All headers with a prefix, as a map.
    HeaderPrefix,
    /// The answer's status.
    Status,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name in the model.
    pub name: &'static str,
    /// Its name on the wire: element, header, query parameter or label.
    pub wire: &'static str,
    /// What it holds.
    pub kind: &'static Kind,
    /// Must be there.
    pub required: bool,
    /// Where it stands.
    pub place: Place,
    /// An attribute of the structure's element, not a child of it.
    pub attribute: bool,
    /// A list whose items stand directly in the parent: said of this member alone.
    pub flattened: bool,
    /// Namespace declared on the member's element: prefix and URI.
    pub namespace: Option<(&'static str, &'static str)>,
}

/// A member of that name and kind.
pub const fn m(name: &'static str, kind: &'static Kind) -> Member {
    Member {
        name,
        wire: name,
        kind,
        required: false,
        place: Place::Body,
        attribute: false,
        flattened: false,
        namespace: None,
    }
}

impl Member {
    /// Must be there.
    pub const fn required(mut self) -> Member {
        self.required = true;
        self
    }
    /// Has another name on the wire.
    pub const fn wire(mut self, wire: &'static str) -> Member {
        self.wire = wire;
        self
    }
    /// Is an attribute.
    pub const fn attribute(mut self) -> Member {
        self.attribute = true;
        self
    }
    /// Is a flattened list.
    pub const fn flattened(mut self) -> Member {
        self.flattened = true;
        self
    }
    /// Declares a namespace on its element.
    pub const fn namespace(mut self, prefix: &'static str, uri: &'static str) -> Member {
        self.namespace = Some((prefix, uri));
        self
    }
    /// Stands in the path.
    pub const fn uri(self, wire: &'static str) -> Member {
        self.at(Place::Uri, wire)
    }
    /// Stands in the query string.
    pub const fn query(self, wire: &'static str) -> Member {
        self.at(Place::Query, wire)
    }
    /// Stands in a header.
    pub const fn header(self, wire: &'static str) -> Member {
        self.at(Place::Header, wire)
    }
    /// Stands in all headers with a prefix.
    pub const fn header_prefix(self, wire: &'static str) -> Member {
        self.at(Place::HeaderPrefix, wire)
    }
    /// Is the whole body.
    pub const fn payload(mut self) -> Member {
        self.place = Place::Payload;
        self
    }
    /// Is the status.
    pub const fn status(mut self) -> Member {
        self.place = Place::Status;
        self
    }
    const fn at(mut self, place: Place, wire: &'static str) -> Member {
        self.place = place;
        self.wire = wire;
        self
    }

    /// Whether its items stand directly in the parent.
    pub fn is_flattened(&self) -> bool {
        self.flattened || self.kind.is_flattened()
    }
}

/// A structure of a model.
#[derive(Debug)]
pub struct Structure {
    /// Its name in the model. Empty for the answer of an operation whose model has none.
    pub name: &'static str,
    /// Its members in the model's order.
    pub members: &'static [Member],
    /// Element name as the root of a REST-XML body.
    pub root: &'static str,
    /// Namespace of that root.
    pub namespace: &'static str,
    /// S3's GetBucketLocation: the root element is the single member itself.
    pub unwrapped: bool,
}

impl Structure {
    /// A structure of that name.
    pub const fn new(name: &'static str) -> Structure {
        Structure {
            name,
            members: &[],
            root: name,
            namespace: "",
            unwrapped: false,
        }
    }
    /// With these members.
    pub const fn members(mut self, members: &'static [Member]) -> Structure {
        self.members = members;
        self
    }
    /// With another element name as root of a body, and its namespace.
    pub const fn root(mut self, root: &'static str, namespace: &'static str) -> Structure {
        self.root = root;
        self.namespace = namespace;
        self
    }
    /// The root element is the single member itself.
    pub const fn unwrapped(mut self) -> Structure {
        self.unwrapped = true;
        self
    }
    /// The member that is the whole body, and its position.
    pub fn payload(&self) -> Option<(usize, &'static Member)> {
        self.members
            .iter()
            .enumerate()
            .find(|(_, member)| member.place == Place::Payload)
    }
}
