//! The names of all services and operations that AWS publishes, for telling what Twinlock lacks from what nobody has.

use std::collections::BTreeSet;
use std::path::Path;

use super::model::Model;

/// One line a service: signing name, endpoint prefix, protocol, target prefix, service id, API version, operation names; the
/// fields parted by tabs, the names by blanks. Operations of REST services are told by method and path, not by name, and so
/// are left out: with all paths the table would be three times as large.
pub(crate) fn table(models: &Path) -> Result<String, String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", models.display());
    let mut lines = BTreeSet::new();
    for entry in std::fs::read_dir(models).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let model = Model::load(&path)?;
        let about = &model.metadata;
        let is_named = !about.protocol.starts_with("rest");
        let names: Vec<&str> = model
            .operations
            .iter()
            .map(|(name, _)| name)
            .filter(|_| is_named)
            .collect();
        let fields = [
            about.signing(),
            &about.endpoint_prefix,
            &about.protocol,
            &about.target_prefix,
            &about.service_id,
            &about.api_version,
            &names.join(" "),
        ];
        lines.insert(fields.join("\t"));
    }
    let mut text = lines.into_iter().collect::<Vec<_>>().join("\n");
    text.push('\n');
    Ok(text)
}
