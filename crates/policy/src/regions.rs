//! AWS's partitions and Regions, as its SDKs list them.
//!
//! Twinlock takes any Region; these lists are for policies, where a misspelt one is a condition that never holds.

/// The Regions of each partition.
const PARTITIONS: [(&str, &[&str]); 8] = [
    (
        "aws",
        &[
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-central-1",
            "ca-west-1",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "me-west-1",
            "mx-central-1",
            "sa-east-1",
            "sa-west-1",
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
        ],
    ),
    ("aws-cn", &["cn-north-1", "cn-northwest-1"]),
    ("aws-eusc", &["eusc-de-east-1"]),
    ("aws-iso", &["us-iso-east-1", "us-iso-west-1"]),
    ("aws-iso-b", &["us-isob-east-1", "us-isob-west-1"]),
    ("aws-iso-e", &["eu-isoe-west-1"]),
    ("aws-iso-f", &["us-isof-east-1", "us-isof-south-1"]),
    ("aws-us-gov", &["us-gov-east-1", "us-gov-west-1"]),
];

/// The names of all partitions.
pub(crate) fn partitions() -> impl Iterator<Item = &'static str> {
    PARTITIONS.iter().map(|(name, _)| *name)
}

/// Whether AWS has a partition of this name.
pub(crate) fn is_partition(name: &str) -> bool {
    partitions().any(|known| known == name)
}

/// Whether some partition has a Region of this name.
pub fn is_region(name: &str) -> bool {
    regions().any(|known| known == name)
}

/// Whether the partition, if it is known, has the Region.
pub(crate) fn belongs(region: &str, partition: &str) -> bool {
    let known = PARTITIONS.iter().find(|(name, _)| *name == partition);
    known.is_none_or(|(_, regions)| regions.contains(&region))
}

/// All Regions of all partitions.
pub(crate) fn regions() -> impl Iterator<Item = &'static str> {
    PARTITIONS
        .iter()
        .flat_map(|(_, regions)| regions.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_partitions() {
        assert!(is_partition("aws-cn") && !is_partition("was"));
        assert!(
            is_region("eu-central-1") && is_region("us-gov-west-1") && !is_region("eu-centra1-1")
        );
        assert!(belongs("eu-central-1", "aws") && !belongs("eu-central-1", "aws-cn"));
        assert!(belongs("eu-central-1", "*"));
    }
}
