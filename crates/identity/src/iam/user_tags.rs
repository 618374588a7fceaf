//! What hangs on a user beside policies and credentials: tags, and the permissions boundary.

use twinlock_directory::User;

use super::{
    boundaries::boundary_operations,
    holder,
    tags::{holder_need, tag_operations},
};

tag_operations! {
    User, "user", user_name, holder::find, holder_need, holder::existing;
    /// Puts tags on a user.
    TagUser, TagUserInput -> TagUserOutput;
    /// Takes tags from a user.
    UntagUser, UntagUserInput -> UntagUserOutput;
    /// Lists a user's tags by key.
    ListUserTags, ListUserTagsInput -> ListUserTagsOutput;
}

boundary_operations! {
    User, "user", user_name;
    /// Sets a user's permissions boundary.
    PutUserPermissionsBoundary, PutUserPermissionsBoundaryInput -> PutUserPermissionsBoundaryOutput;
    /// Takes a user's permissions boundary away.
    DeleteUserPermissionsBoundary, DeleteUserPermissionsBoundaryInput -> DeleteUserPermissionsBoundaryOutput;
}
