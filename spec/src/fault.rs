//! Ways to be wrong on purpose, one at a time. A test of random cases that does not notice one of them proves little.

/// One planted mistake. Each stands at the one place in this crate where the rule is that it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// The last Deny of every document is not looked at.
    DenySkipped,
    /// A Deny in an identity policy does not count.
    IdentityDenyIgnored,
    /// The boundary is not asked.
    BoundaryIgnored,
    /// The session policy is not asked.
    SessionIgnored,
    /// The endpoint's policy is not asked.
    EndpointIgnored,
    /// A negated operator on an absent key is false.
    AbsentNegatedFalse,
    /// `IfExists` is overlooked.
    IfExistsIgnored,
    /// `ForAllValues` over nothing is false.
    ForAllValuesOfNothingFalse,
    /// `ForAnyValue` over nothing is true.
    ForAnyValueOfNothingTrue,
    /// `ForAnyValue` and `ForAllValues` are swapped.
    SetOperatorsSwapped,
    /// A plain operator on a list holds if it holds for any value.
    PlainOperatorTakesLists,
    /// A grant to the account is as good as one to the caller.
    AccountGrantIsDirect,
    /// A grant to the role's ARN lifts boundary and session policy.
    RoleGrantIsDirect,
    /// A grant to a session lifts nothing.
    DirectGrantIsEntity,
    /// The account's root ARN covers the root user alone.
    AccountRootIsRootUser,
    /// A role's ARN is compared with the caller's own ARN, which is the session's.
    RoleArnComparedAlone,
    /// Unique ids are not looked at: a role of the same name, made again, is let in.
    BindingIgnored,
    /// Anonymous callers are covered by any account.
    AnonymousIsInAccounts,
    /// `NotAction` is read as `Action`.
    NotActionAsAction,
    /// `NotResource` is read as `Resource`.
    NotResourceAsResource,
    /// `NotPrincipal` lets off everybody in a listed account.
    NotPrincipalByAccount,
    /// Whoever has a boundary can be let off by `NotPrincipal`.
    NotPrincipalSparesBoundary,
    /// Actions are compared with their case.
    ActionCaseSensitive,
    /// Resources are compared without their case.
    ResourceCaseInsensitive,
    /// `*` runs over the colons between the parts of an ARN.
    StarCrossesParts,
    /// `?` also stands for nothing.
    QuestionMarkOptional,
    /// The value of a variable is read as a pattern.
    VariableValueIsPattern,
    /// A variable that cannot be resolved is the empty text.
    UnresolvedIsEmpty,
    /// Variables work in documents of 2008, too.
    VariablesInEveryVersion,
    /// A variable's default is never used.
    DefaultIgnored,
    /// The levels of SCPs are one set.
    ScpLevelsUnited,
    /// SCPs bind the management account.
    ScpBindsManagement,
    /// RCPs bind the management account's resources.
    RcpBindsManagement,
    /// SCPs and RCPs bind service-linked roles.
    ServiceLinkedBound,
    /// RCPs do not bind callers without account.
    RcpIgnoredForAnonymous,
    /// Between accounts, the resource's policy alone suffices.
    CrossAccountResourceAlone,
    /// Between accounts, the identity policy alone suffices.
    CrossAccountIdentityAlone,
    /// The policy of a role or key need not admit anybody within one account.
    MustAdmitIgnored,
    /// A grant in a trust policy lifts the boundary, as in other resources' policies.
    TrustGrantLiftsBoundary,
    /// The same of the session policy.
    TrustGrantLiftsSession,
    /// A federated session without session policy has the user's rights.
    FederatedWithoutPolicyHasAll,
    /// A range of one version of addresses is laid over the other, too.
    AddressVersionsConfused,
    /// A mask is ignored.
    MaskIgnored,
    /// Dates are compared as texts.
    DateAsText,
    /// Numbers are compared as texts.
    NumberAsText,
    /// `IgnoreCase` is overlooked.
    IgnoreCaseIgnored,
    /// `ArnLike` compares as `StringLike` does.
    ArnAsString,
    /// `Null` is upside down.
    NullInverted,
    /// RestrictPublicBuckets is overlooked.
    RestrictPublicBucketsIgnored,
    /// Implicit causes are named in the reverse order.
    CauseOrderReversed,
}

impl Fault {
    /// All of them.
    pub const ALL: &[Fault] = &[
        Fault::DenySkipped,
        Fault::IdentityDenyIgnored,
        Fault::BoundaryIgnored,
        Fault::SessionIgnored,
        Fault::EndpointIgnored,
        Fault::AbsentNegatedFalse,
        Fault::IfExistsIgnored,
        Fault::ForAllValuesOfNothingFalse,
        Fault::ForAnyValueOfNothingTrue,
        Fault::SetOperatorsSwapped,
        Fault::PlainOperatorTakesLists,
        Fault::AccountGrantIsDirect,
        Fault::RoleGrantIsDirect,
        Fault::DirectGrantIsEntity,
        Fault::AccountRootIsRootUser,
        Fault::RoleArnComparedAlone,
        Fault::BindingIgnored,
        Fault::AnonymousIsInAccounts,
        Fault::NotActionAsAction,
        Fault::NotResourceAsResource,
        Fault::NotPrincipalByAccount,
        Fault::NotPrincipalSparesBoundary,
        Fault::ActionCaseSensitive,
        Fault::ResourceCaseInsensitive,
        Fault::StarCrossesParts,
        Fault::QuestionMarkOptional,
        Fault::VariableValueIsPattern,
        Fault::UnresolvedIsEmpty,
        Fault::VariablesInEveryVersion,
        Fault::DefaultIgnored,
        Fault::ScpLevelsUnited,
        Fault::ScpBindsManagement,
        Fault::RcpBindsManagement,
        Fault::ServiceLinkedBound,
        Fault::RcpIgnoredForAnonymous,
        Fault::CrossAccountResourceAlone,
        Fault::CrossAccountIdentityAlone,
        Fault::MustAdmitIgnored,
        Fault::TrustGrantLiftsBoundary,
        Fault::TrustGrantLiftsSession,
        Fault::FederatedWithoutPolicyHasAll,
        Fault::AddressVersionsConfused,
        Fault::MaskIgnored,
        Fault::DateAsText,
        Fault::NumberAsText,
        Fault::IgnoreCaseIgnored,
        Fault::ArnAsString,
        Fault::NullInverted,
        Fault::RestrictPublicBucketsIgnored,
        Fault::CauseOrderReversed,
    ];
}
