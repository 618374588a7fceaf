//! SAML providers: whose signed assertions let people assume roles here (sts:AssumeRoleWithSAML).

#[cfg(test)]
mod tests;

use std::sync::Arc;

use twinlock_directory::{Batch, Millis, SamlProvider, ids};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
    proof::metadata::{self, Metadata},
};
use twinlock_shapes::iam as shapes;

use super::{
    common::{
        REQUEST_TAG, TAG_KEYS, arn_of, at, entity_already_exists, entity_need, invalid_input,
        list_need, merge_tags, new_tags, room_for_one, shown_tags, with_tags,
    },
    providers::{self, Provider, change_of_provider, of_provider},
    tags::{Tagged, tag_operations},
};

/// How long metadata hold that do not say: a hundred years, as AWS has it.
const UNLIMITED_MS: Millis = 100 * 365 * 24 * 3_600_000;

/// Reads a metadata document.
///
/// # Errors
/// `InvalidInput` with what is wrong.
fn parsed(document: &str) -> Result<Metadata, Fault> {
    metadata::read(document)
        .map_err(|why| invalid_input(format!("Could not parse metadata: {why}")))
}

/// Encrypted assertions need a key of ours; there is none, so a setting that asks for them is refused, not swallowed.
///
/// # Errors
/// `InvalidInput`.
fn no_encryption(mode: Option<&str>, key: Option<&str>) -> Result<(), Fault> {
    if mode == Some("Required") || key.is_some() {
        return Err(invalid_input(
            "Twinlock does not decrypt assertions: leave AssertionEncryptionMode and the private key out, and let the identity provider sign without encrypting.",
        ));
    }
    Ok(())
}

/// Lets an account trust a SAML identity provider.
#[derive(Debug)]
pub struct CreateSAMLProvider;

impl Operation for CreateSAMLProvider {
    type Input = shapes::CreateSAMLProviderInput;
    type Output = shapes::CreateSAMLProviderOutput;
    type Found = Option<Arc<SamlProvider>>;
    const NAME: &'static str = "CreateSAMLProvider";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "iam:CreateSAMLProvider",
            &["saml-provider"],
            &[REQUEST_TAG, TAG_KEYS],
        ),
        TagSAMLProvider::ACTIONS[0],
    ];

    fn needs(input: &Self::Input, _: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let arn = arn_of(account, "saml-provider", &input.name);
        let tags = input.tags.as_deref().unwrap_or_default();
        let need = entity_need(&Self::ACTIONS[0], account, arn, &[]);
        Ok(with_tags(need, &Self::ACTIONS[1], tags))
    }
}

impl Change for CreateSAMLProvider {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        cx.account().ok()?.saml_provider(&input.name).cloned()
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        if found.is_some() {
            return Err(entity_already_exists("SAMLProvider", &input.name));
        }
        no_encryption(
            input.assertion_encryption_mode.as_deref(),
            input.add_private_key.as_deref(),
        )?;
        let metadata = parsed(&input.saml_metadata_document)?;
        let have = cx.account()?.saml_providers.size();
        room_for_one(cx, have, "SAMLProvidersPerAccount")?;
        let mut tags = Vec::new();
        let given = new_tags(input.tags.as_deref().unwrap_or_default())?;
        merge_tags(cx, &mut tags, given, SamlProvider::QUOTA)?;
        let provider = SamlProvider {
            account: cx.account_id()?,
            id: ids::provider_id(&*cx.world.random),
            name: input.name.clone(),
            created: cx.now,
            valid_until: metadata.valid_until.unwrap_or(cx.now + UNLIMITED_MS),
            metadata: input.saml_metadata_document.clone(),
            entity_id: metadata.entity_id,
            certificates: metadata.certificates,
            tags,
        };
        let output = shapes::CreateSAMLProviderOutput {
            saml_provider_arn: Some(provider.arn()),
            tags: shown_tags(&provider.tags),
        };
        batch.put(provider);
        Ok(output)
    }
}

of_provider! {
    /// Shows a provider with its metadata.
    GetSAMLProvider on SamlProvider, "iam:GetSAMLProvider", &[],
    GetSAMLProviderInput -> GetSAMLProviderOutput, saml_provider_arn
}

impl Read for GetSAMLProvider {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        providers::find(cx, &input.saml_provider_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let provider = providers::existing(found, &input.saml_provider_arn)?;
        Ok(shapes::GetSAMLProviderOutput {
            saml_provider_uuid: Some(provider.id.clone()),
            saml_metadata_document: Some(provider.metadata.clone()),
            create_date: Some(at(provider.created)),
            valid_until: Some(at(provider.valid_until)),
            tags: shown_tags(&provider.tags),
            ..Default::default()
        })
    }
}

/// Lists the account's SAML providers.
#[derive(Debug)]
pub struct ListSAMLProviders;

impl Operation for ListSAMLProviders {
    type Input = shapes::ListSAMLProvidersInput;
    type Output = shapes::ListSAMLProvidersOutput;
    type Found = ();
    const NAME: &'static str = "ListSAMLProviders";
    const ACTIONS: &'static [Action] = &[Action::new("iam:ListSAMLProviders", &[], &[])];

    fn needs(_: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let shown = arn_of(cx.account_id()?, "saml-provider", "*");
        Ok(Needs::one(list_need(&Self::ACTIONS[0], shown)))
    }
}

impl Read for ListSAMLProviders {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, _: &Self::Input, (): (), cx: &Cx<'_>) -> Result<Self::Output, Fault> {
        let entry = |provider: &Arc<SamlProvider>| shapes::SAMLProviderListEntry {
            arn: Some(provider.arn()),
            valid_until: Some(at(provider.valid_until)),
            create_date: Some(at(provider.created)),
        };
        Ok(shapes::ListSAMLProvidersOutput {
            saml_provider_list: cx.account()?.saml_providers.values().map(entry).collect(),
        })
    }
}

change_of_provider! {
    /// Replaces the metadata. The provider keeps its name, and what was signed by keys that are gone counts no more.
    UpdateSAMLProvider on SamlProvider, "iam:UpdateSAMLProvider", &[],
    UpdateSAMLProviderInput -> UpdateSAMLProviderOutput, saml_provider_arn;
    |input, provider, cx| {
        no_encryption(
            input.assertion_encryption_mode.as_deref(),
            input.add_private_key.as_deref().or(input.remove_private_key.as_deref()),
        )?;
        if let Some(document) = &input.saml_metadata_document {
            let metadata = parsed(document)?;
            provider.valid_until = metadata.valid_until.unwrap_or(cx.now + UNLIMITED_MS);
            provider.metadata.clone_from(document);
            provider.entity_id = metadata.entity_id;
            provider.certificates = metadata.certificates;
        }
        Ok(shapes::UpdateSAMLProviderOutput {
            saml_provider_arn: Some(provider.arn()),
        })
    }
}

of_provider! {
    /// Takes the trust away. Roles that name the provider stay, and nobody gets in by it.
    DeleteSAMLProvider on SamlProvider, "iam:DeleteSAMLProvider", &[],
    DeleteSAMLProviderInput -> DeleteSAMLProviderOutput, saml_provider_arn
}

impl Change for DeleteSAMLProvider {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        providers::find(cx, &input.saml_provider_arn)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        batch.delete_row(providers::existing(found, &input.saml_provider_arn)?);
        Ok(Default::default())
    }
}

tag_operations! {
    SamlProvider, "saml-provider", saml_provider_arn, providers::find,
    |action, arn, found, _| providers::need(action, arn, found.as_ref()), providers::existing;
    /// Puts tags on a provider.
    TagSAMLProvider, TagSAMLProviderInput -> TagSAMLProviderOutput;
    /// Takes tags from a provider.
    UntagSAMLProvider, UntagSAMLProviderInput -> UntagSAMLProviderOutput;
    /// Lists a provider's tags.
    ListSAMLProviderTags, ListSAMLProviderTagsInput -> ListSAMLProviderTagsOutput;
}
