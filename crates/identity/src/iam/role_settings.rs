//! What hangs on a role beside its policies: tags, and the permissions boundary. Tags are a customer's own, on a service's role too;
//! boundaries are not.

use twinlock_directory::Role;

use super::{
    boundaries::boundary_operations,
    holder,
    tags::{holder_need, tag_operations},
};

tag_operations! {
    Role, "role", role_name, holder::find, holder_need, holder::existing;
    /// `iam:TagRole`.
    TagRole, TagRoleInput -> TagRoleOutput;
    /// `iam:UntagRole`.
    UntagRole, UntagRoleInput -> UntagRoleOutput;
    /// `iam:ListRoleTags`.
    ListRoleTags, ListRoleTagsInput -> ListRoleTagsOutput;
}

boundary_operations! {
    Role, "role", role_name;
    /// `iam:PutRolePermissionsBoundary`.
    PutRolePermissionsBoundary, PutRolePermissionsBoundaryInput -> PutRolePermissionsBoundaryOutput;
    /// `iam:DeleteRolePermissionsBoundary`.
    DeleteRolePermissionsBoundary, DeleteRolePermissionsBoundaryInput -> DeleteRolePermissionsBoundaryOutput;
}
