//! The document as it was written: every element with its place in the text.
//!
//! Evaluation, write rules, validation and summary all read this one form. It can hold anything that is a JSON object; what does not
//! fit the grammar is left out of the elements and listed in [`Document::problems`].

use std::ops::Range;

/// A string of the document and where its JSON text stands, quotes included (bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The decoded string. Numbers and booleans are held as their text.
    pub value: String,
    /// Bytes of the JSON text.
    pub span: Range<usize>,
}

/// A string or an array of strings, as AWS accepts either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The strings, in their order.
    pub values: Vec<Text>,
    /// Bytes of the whole JSON value.
    pub span: Range<usize>,
}

/// Allow or Deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Denies, whatever else allows.
    Deny,
}

/// The key under which a principal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum PrincipalType {
    /// Accounts, users, roles and sessions.
    Aws,
    /// AWS services.
    Service,
    /// Identity providers.
    Federated,
    /// S3 accounts by canonical id.
    CanonicalUser,
    /// A key that AWS does not know.
    Unknown,
}

/// One principal of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalEntry {
    /// The key it stands under.
    pub kind: PrincipalType,
    /// The key as written.
    pub key: Text,
    /// The principal as written.
    pub text: Text,
}

/// A `Principal` or `NotPrincipal` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalElement {
    /// The element is the string `"*"`.
    pub star: bool,
    /// The principals of the map.
    pub entries: Vec<PrincipalEntry>,
    /// Bytes of the whole JSON value.
    pub span: Range<usize>,
}

/// One operator with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionEntry {
    /// The operator as written, with set prefix and IfExists.
    pub operator: Text,
    /// The condition key as written.
    pub key: Text,
    /// The values as written.
    pub values: List,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Bytes of the statement's JSON object.
    pub span: Range<usize>,
    /// `Sid`.
    pub sid: Option<Text>,
    /// `Effect`, when it is exactly `Allow` or `Deny`.
    pub effect: Option<Effect>,
    /// Bytes of the value of `Effect`.
    pub effect_span: Option<Range<usize>>,
    /// `Principal`.
    pub principal: Option<PrincipalElement>,
    /// `NotPrincipal`.
    pub not_principal: Option<PrincipalElement>,
    /// `Action`.
    pub action: Option<List>,
    /// `NotAction`.
    pub not_action: Option<List>,
    /// `Resource`.
    pub resource: Option<List>,
    /// `NotResource`.
    pub not_resource: Option<List>,
    /// `Condition`, flattened.
    pub conditions: Vec<ConditionEntry>,
    /// Bytes of the value of `Condition`.
    pub condition_span: Option<Range<usize>>,
    /// The condition does not fit the grammar, so that it is never true.
    pub condition_malformed: bool,
}

/// What is wrong with an element: enough for a write rule to choose AWS's sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A key the grammar does not know.
    UnknownElement,
    /// A value of the wrong type or form.
    WrongType,
    /// A required element is absent.
    Missing,
}

/// A departure from the grammar that does not stop evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// Bytes of the element.
    pub span: Range<usize>,
    /// JSON pointer of the element.
    pub pointer: String,
    /// What is wrong, in our words.
    pub message: String,
}

/// An `AWS` principal and its place, for those who bind principals to unique ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalSpan {
    /// The principal as written.
    pub text: String,
    /// Bytes of the JSON string, quotes included.
    pub span: Range<usize>,
}

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub(crate) text: String,
    pub(crate) version: Option<Text>,
    pub(crate) id: Option<Text>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) problems: Vec<Problem>,
}

impl AsRef<str> for Document {
    /// The text as it was given.
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl Document {
    /// A document without statements, in the version that has variables.
    pub(crate) fn empty() -> Document {
        Document {
            text: String::new(),
            version: Some(Text {
                value: "2012-10-17".to_owned(),
                span: 0..0,
            }),
            id: None,
            statements: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Reads a document. Liberal: any JSON object within the limits is a document.
    ///
    /// # Errors
    /// When the text is no JSON object, has duplicate keys, or exceeds the limits of [`crate::json`].
    pub fn parse(text: &str) -> Result<Document, crate::ParseError> {
        crate::parse::document(text)
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `Version`; absent means 2008-10-17.
    pub fn version(&self) -> Option<&str> {
        self.version.as_ref().map(|version| version.value.as_str())
    }

    /// `Id`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref().map(|id| id.value.as_str())
    }

    /// The place of `Version`, if it is there.
    pub fn version_text(&self) -> Option<&Text> {
        self.version.as_ref()
    }

    /// The place of `Id`, if it is there.
    pub fn id_text(&self) -> Option<&Text> {
        self.id.as_ref()
    }

    /// The statements in their order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Departures from the grammar, in the order of the text; the first hundred, if a text has more.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether `${…}` are variables here: only in version 2012-10-17.
    pub fn has_variables(&self) -> bool {
        self.version() == Some("2012-10-17")
    }

    /// All principals under `AWS`, of `Principal` and `NotPrincipal`, with their places.
    pub fn aws_principals(&self) -> Vec<PrincipalSpan> {
        self.principals_of(PrincipalType::Aws)
    }

    /// All principals under `CanonicalUser`, with their places.
    pub fn canonical_users(&self) -> Vec<PrincipalSpan> {
        self.principals_of(PrincipalType::CanonicalUser)
    }

    /// All principals under `Federated`, with their places.
    pub fn federated_principals(&self) -> Vec<PrincipalSpan> {
        self.principals_of(PrincipalType::Federated)
    }

    fn principals_of(&self, kind: PrincipalType) -> Vec<PrincipalSpan> {
        self.statements
            .iter()
            .flat_map(|statement| [&statement.principal, &statement.not_principal])
            .flatten()
            .flat_map(|element| &element.entries)
            .filter(|entry| entry.kind == kind)
            .map(|entry| PrincipalSpan {
                text: entry.text.value.clone(),
                span: entry.text.span.clone(),
            })
            .collect()
    }
}
