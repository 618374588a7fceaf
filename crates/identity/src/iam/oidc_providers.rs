//! OpenID Connect providers: whose signed tokens let programs assume roles here (sts:AssumeRoleWithWebIdentity).

#[cfg(test)]
mod tests;

use std::sync::Arc;

use twinlock_directory::{Batch, OidcProvider, ids};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    common::{
        REQUEST_TAG, TAG_KEYS, already_exists, arn_of, at, entity_need, invalid_input,
        limit_exceeded, list_need, merge_tags, new_tags, room_for_one, shown_tags, with_tags,
    },
    providers::{self, Provider, change_of_provider, of_provider},
    tags::{Tagged, tag_operations},
};

/// Fingerprints of one provider.
const THUMBPRINTS_MAX: usize = 5;

/// An issuer's URL without `https://`.
///
/// # Errors
/// `ValidationError` for anything that no issuer is called: another scheme, a query, a fragment, credentials, an empty host.
fn issuer(url: &str) -> Result<String, Fault> {
    let invalid = || Fault::validation("Invalid Open ID Connect Provider URL");
    // Schemes and hosts do not mind case; tokens are compared with the lower-cased host.
    let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    let good = scheme.eq_ignore_ascii_case("https")
        && !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && path
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'*' | b'\\' | b'"'));
    if !good {
        return Err(invalid());
    }
    // A final slash counts: some issuers' tokens have it.
    Ok(format!("{}{path}", host.to_ascii_lowercase()))
}

/// Fingerprints of certificates, checked and lower-cased.
///
/// # Errors
/// `InvalidInput` for too many, `ValidationError` for what is none.
fn thumbprints(given: &[String]) -> Result<Vec<String>, Fault> {
    if given.len() > THUMBPRINTS_MAX {
        return Err(invalid_input(
            "Thumbprint list must contain fewer than 5 entries.",
        ));
    }
    given
        .iter()
        .map(|thumbprint| {
            if thumbprint.bytes().all(|b| b.is_ascii_hexdigit()) {
                Ok(thumbprint.to_ascii_lowercase())
            } else {
                Err(Fault::validation(format!(
                    "Invalid thumbprint: {thumbprint}. It is the SHA-1 of a certificate in 40 hexadecimal digits."
                )))
            }
        })
        .collect()
}

/// Client ids, each once.
///
/// # Errors
/// `LimitExceeded`.
fn client_ids(cx: &Cx<'_>, given: &[String]) -> Result<Vec<String>, Fault> {
    const QUOTA: &str = "ClientIdsPerOpenIdConnectProvider";
    let mut ids: Vec<String> = Vec::with_capacity(given.len());
    for id in given {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    let quotas = cx.world.directory.quotas();
    if u64::try_from(ids.len()).unwrap_or(u64::MAX) > quotas.get(QUOTA).unwrap_or(0) {
        return Err(limit_exceeded(quotas, QUOTA));
    }
    Ok(ids)
}

/// Lets an account trust an OpenID Connect issuer.
#[derive(Debug)]
pub struct CreateOpenIDConnectProvider;

impl Operation for CreateOpenIDConnectProvider {
    type Input = shapes::CreateOpenIDConnectProviderInput;
    type Output = shapes::CreateOpenIDConnectProviderOutput;
    type Found = Option<Arc<OidcProvider>>;
    const NAME: &'static str = "CreateOpenIDConnectProvider";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "iam:CreateOpenIDConnectProvider",
            &["oidc-provider"],
            &[REQUEST_TAG, TAG_KEYS],
        ),
        TagOpenIDConnectProvider::ACTIONS[0],
    ];

    fn needs(input: &Self::Input, _: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let arn = arn_of(account, "oidc-provider", &issuer(&input.url)?);
        let tags = input.tags.as_deref().unwrap_or_default();
        let need = entity_need(&Self::ACTIONS[0], account, arn, &[]);
        Ok(with_tags(need, &Self::ACTIONS[1], tags))
    }
}

impl Change for CreateOpenIDConnectProvider {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        let url = issuer(&input.url).ok()?;
        cx.account().ok()?.oidc_provider(&url).cloned()
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let url = issuer(&input.url)?;
        if found.is_some() {
            return Err(already_exists(format!(
                "Provider with url https://{url} already exists."
            )));
        }
        let have = cx.account()?.oidc_providers.size();
        room_for_one(cx, have, "OpenIdConnectProvidersPerAccount")?;
        let mut tags = Vec::new();
        let given = new_tags(input.tags.as_deref().unwrap_or_default())?;
        merge_tags(cx, &mut tags, given, OidcProvider::QUOTA)?;
        let provider = OidcProvider {
            account: cx.account_id()?,
            id: ids::provider_id(&*cx.world.random),
            url,
            created: cx.now,
            client_ids: client_ids(cx, input.client_id_list.as_deref().unwrap_or_default())?,
            thumbprints: thumbprints(input.thumbprint_list.as_deref().unwrap_or_default())?,
            tags,
        };
        let output = shapes::CreateOpenIDConnectProviderOutput {
            open_id_connect_provider_arn: Some(provider.arn()),
            tags: shown_tags(&provider.tags),
        };
        batch.put(provider);
        Ok(output)
    }
}

of_provider! {
    /// Shows a provider.
    GetOpenIDConnectProvider on OidcProvider, "iam:GetOpenIDConnectProvider", &[],
    GetOpenIDConnectProviderInput -> GetOpenIDConnectProviderOutput, open_id_connect_provider_arn
}

impl Read for GetOpenIDConnectProvider {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        providers::find(cx, &input.open_id_connect_provider_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let provider = providers::existing(found, &input.open_id_connect_provider_arn)?;
        Ok(shapes::GetOpenIDConnectProviderOutput {
            // AWS shows it without the scheme.
            url: Some(provider.url.clone()),
            client_id_list: provider.client_ids.clone(),
            thumbprint_list: provider.thumbprints.clone(),
            create_date: Some(at(provider.created)),
            tags: shown_tags(&provider.tags),
        })
    }
}

/// Lists the account's OpenID Connect providers.
#[derive(Debug)]
pub struct ListOpenIDConnectProviders;

impl Operation for ListOpenIDConnectProviders {
    type Input = shapes::ListOpenIDConnectProvidersInput;
    type Output = shapes::ListOpenIDConnectProvidersOutput;
    type Found = ();
    const NAME: &'static str = "ListOpenIDConnectProviders";
    const ACTIONS: &'static [Action] = &[Action::new("iam:ListOpenIDConnectProviders", &[], &[])];

    fn needs(_: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let shown = arn_of(cx.account_id()?, "oidc-provider", "*");
        Ok(Needs::one(list_need(&Self::ACTIONS[0], shown)))
    }
}

impl Read for ListOpenIDConnectProviders {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, _: &Self::Input, (): (), cx: &Cx<'_>) -> Result<Self::Output, Fault> {
        let entry = |provider: &Arc<OidcProvider>| shapes::OpenIDConnectProviderListEntry {
            arn: Some(provider.arn()),
        };
        Ok(shapes::ListOpenIDConnectProvidersOutput {
            open_id_connect_provider_list: cx
                .account()?
                .oidc_providers
                .values()
                .map(entry)
                .collect(),
        })
    }
}

of_provider! {
    /// Takes the trust away; of one that is not there, that is done already. Roles that name the provider stay, and nobody
    /// gets in by it.
    DeleteOpenIDConnectProvider on OidcProvider, "iam:DeleteOpenIDConnectProvider", &[],
    DeleteOpenIDConnectProviderInput -> DeleteOpenIDConnectProviderOutput,
    open_id_connect_provider_arn
}

impl Change for DeleteOpenIDConnectProvider {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        providers::find(cx, &input.open_id_connect_provider_arn)
    }

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        if let Some(provider) = found {
            batch.delete_row(provider);
        }
        Ok(Default::default())
    }
}

change_of_provider! {
    /// Adds an audience that the provider's tokens may name; one that is there stays.
    AddClientIDToOpenIDConnectProvider on OidcProvider,
    "iam:AddClientIDToOpenIDConnectProvider", &[],
    AddClientIDToOpenIDConnectProviderInput -> AddClientIDToOpenIDConnectProviderOutput,
    open_id_connect_provider_arn;
    |input, provider, cx| {
        provider.client_ids.push(input.client_id.clone());
        provider.client_ids = client_ids(cx, &provider.client_ids)?;
        Ok(Default::default())
    }
}

change_of_provider! {
    /// Removes an audience; one that is not there does not matter.
    RemoveClientIDFromOpenIDConnectProvider on OidcProvider,
    "iam:RemoveClientIDFromOpenIDConnectProvider", &[],
    RemoveClientIDFromOpenIDConnectProviderInput -> RemoveClientIDFromOpenIDConnectProviderOutput,
    open_id_connect_provider_arn;
    |input, provider, _cx| {
        provider.client_ids.retain(|id| *id != input.client_id);
        Ok(Default::default())
    }
}

change_of_provider! {
    /// Replaces all fingerprints.
    UpdateOpenIDConnectProviderThumbprint on OidcProvider,
    "iam:UpdateOpenIDConnectProviderThumbprint", &[],
    UpdateOpenIDConnectProviderThumbprintInput -> UpdateOpenIDConnectProviderThumbprintOutput,
    open_id_connect_provider_arn;
    |input, provider, _cx| {
        provider.thumbprints = thumbprints(&input.thumbprint_list)?;
        Ok(Default::default())
    }
}

tag_operations! {
    OidcProvider, "oidc-provider", open_id_connect_provider_arn, providers::find,
    |action, arn, found, _| providers::need(action, arn, found.as_ref()), providers::existing;
    /// Puts tags on a provider.
    TagOpenIDConnectProvider, TagOpenIDConnectProviderInput -> TagOpenIDConnectProviderOutput;
    /// Takes tags from a provider.
    UntagOpenIDConnectProvider, UntagOpenIDConnectProviderInput -> UntagOpenIDConnectProviderOutput;
    /// Lists a provider's tags.
    ListOpenIDConnectProviderTags, ListOpenIDConnectProviderTagsInput -> ListOpenIDConnectProviderTagsOutput;
}
