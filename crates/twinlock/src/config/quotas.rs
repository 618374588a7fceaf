//! `[quotas]`: other limits than AWS's on how many and how large, by the names that AWS's messages have for them.

use twinlock_directory::Quotas;

use super::read::{Reader, Section};

/// Reads the table; what is not named keeps AWS's default.
pub(super) fn quotas(section: Section<'_, '_>, reader: &mut Reader<'_>) -> Quotas {
    let mut quotas = Quotas::default();
    let Some(table) = section.table("quotas", reader) else {
        return quotas;
    };
    table.only(Quotas::NAMES, reader);
    for name in Quotas::NAMES {
        if let Some(value) = table.number(name, reader) {
            quotas.set(name, u64::from(value));
        }
    }
    quotas
}
