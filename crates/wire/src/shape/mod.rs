//! What AWS's service models say of a request or answer, as tables, and the bridge from them to plain structs.
//!
//! A generated struct (see the `shapes` crate) has a [`Structure`] describing its members: names on the wire, places in the
//! HTTP message, constraints. A protocol reads a message into a tree of [`Value`]s by that table, the constraints are checked
//! on the tree, and the struct takes its fields from it in order; answers go the other way. So each protocol is written once,
//! by hand, and generated code stays two lines a member: a reader and writer generated for each struct and each protocol
//! would be some hundred thousand lines for the compiler.

mod field;
mod kind;
mod value;

pub use field::{Field, Members, Shape, debug_fields, give, is_secret};
pub use kind::{Kind, Member, Pattern, Place, Structure, Text, TimeFormat, m};
pub use value::Value;

/// Declares a struct together with its table: each field has a Rust type and the member of the model it stands for.
///
/// ```
/// use twinlock_wire::shape::{Kind, Structure, Text, m};
/// static NAME: Kind = Kind::Text(Text::any().length(1, 64));
/// twinlock_wire::shape! {
///     /// Request of `CreateUser`.
///     #[derive(Clone)]
///     pub struct CreateUserInput = Structure::new("CreateUserRequest") {
///         /// The new user's name.
///         user_name: String = m("UserName", &NAME).required(),
///     }
/// }
/// ```
#[macro_export]
macro_rules! shape {
    (
        $(#[$meta:meta])*
        pub struct $type:ident = $name:ident :: $new:ident ( $($arg:expr),* ) $( . $setting:ident ( $($setting_arg:expr),* ) )* {
            $( $(#[$field_meta:meta])* $field:ident : $field_type:ty = $member:expr ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Default)]
        pub struct $type {
            $( $(#[$field_meta])* pub $field: $field_type, )*
        }
        impl $crate::shape::Shape for $type {
            fn schema() -> &'static $crate::shape::Structure {
                static MEMBERS: &[$crate::shape::Member] = &[$($member),*];
                static SCHEMA: $crate::shape::Structure =
                    $name::$new($($arg),*)$(.$setting($($setting_arg),*))*.members(MEMBERS);
                &SCHEMA
            }
            #[allow(unused_variables, reason = "an empty structure takes nothing")]
            fn from_members(members: &mut $crate::shape::Members) -> Self {
                #[allow(unused_mut, reason = "an empty structure takes nothing")]
                let mut taken = Self::default();
                $( members.put(&mut taken.$field); )*
                taken
            }
            #[allow(unused_mut, reason = "an empty structure gives nothing")]
            fn into_members(mut self) -> Vec<$crate::shape::Value> {
                let mut given = Vec::with_capacity(Self::schema().members.len());
                $( $crate::shape::give(&mut given, &mut self.$field); )*
                given
            }
        }
        impl $crate::shape::Field for $type {
            fn from_value(value: $crate::shape::Value) -> Self {
                $crate::shape::Shape::from_value_tree(value)
            }
            fn into_value(self) -> $crate::shape::Value {
                $crate::shape::Value::Structure($crate::shape::Shape::into_members(self))
            }
        }
        impl ::core::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::shape::debug_fields(f, stringify!($type), <$type as $crate::shape::Shape>::schema(), &[$( &self.$field ),*])
            }
        }
    };
}
