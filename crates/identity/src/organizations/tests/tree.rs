//! Organizational units, what is in what, and tags.

use super::*;

#[test]
fn units_form_a_tree_that_keeps_its_rules() {
    let world = world();
    let root_id = root_id(&world);
    let mut parent = root_id.clone();
    let mut ids = Vec::new();
    for depth in 1..=5 {
        parent = unit(&world, &parent, &format!("level {depth}")).expect("a unit");
        ids.push(parent.clone());
    }
    assert_eq!(
        reason(unit(&world, &parent, "level 6")),
        "OU_DEPTH_LIMIT_EXCEEDED"
    );
    assert_eq!(
        code(unit(&world, &root_id, "level 1")),
        "DuplicateOrganizationalUnitException"
    );
    assert_eq!(
        code(unit(&world, "ou-none-12345678", "x")),
        "ParentNotFoundException"
    );
    let delete = |id: &str| {
        let input = org::DeleteOrganizationalUnitInput {
            organizational_unit_id: id.to_owned(),
        };
        world.change::<units::DeleteOrganizationalUnit>(&root(MANAGEMENT), input)
    };
    assert_eq!(code(delete(&ids[0])), "OrganizationalUnitNotEmptyException");
    let parents = |id: &str| {
        let input = org::ListParentsInput {
            child_id: id.to_owned(),
            ..Default::default()
        };
        let answer = world.read::<units::ListParents>(&root(MANAGEMENT), input);
        answer.map(|answer| answer.parents[0].id.clone().expect("an id"))
    };
    assert_eq!(parents(&ids[1]).expect("a parent"), ids[0]);
    assert_eq!(parents(MEMBER).expect("a parent"), root_id);
    assert_eq!(code(parents(&root_id)), "ChildNotFoundException");
    assert_eq!(
        code(move_account(&world, &ids[0], &ids[1])),
        "SourceParentNotFoundException"
    );
    assert_eq!(
        code(move_account(&world, &root_id, "ou-none-12345678")),
        "DestinationParentNotFoundException"
    );
    assert_eq!(
        code(move_account(&world, &root_id, &root_id)),
        "DuplicateAccountException"
    );
    delete(&ids[4]).expect("empty");
    assert_eq!(code(delete(&ids[4])), "OrganizationalUnitNotFoundException");
}

#[test]
fn listings_are_followed_page_by_page() {
    let world = world();
    let root_id = root_id(&world);
    let mut made: Vec<String> = (0..7)
        .map(|n| unit(&world, &root_id, &format!("unit {n}")).expect("a unit"))
        .collect();
    made.sort();
    let mut seen = Vec::new();
    let mut next_token = None;
    loop {
        let input = org::ListOrganizationalUnitsForParentInput {
            parent_id: root_id.clone(),
            next_token: next_token.clone(),
            max_results: Some(3),
        };
        let page = world
            .read::<units::ListOrganizationalUnitsForParent>(&root(MANAGEMENT), input)
            .expect("a page");
        seen.extend(
            page.organizational_units
                .into_iter()
                .filter_map(|unit| unit.id),
        );
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    assert_eq!(seen, made);
    let input = org::ListRootsInput::default();
    let roots = world.read::<policies::ListRoots>(&root(MANAGEMENT), input);
    assert_eq!(roots.expect("listed").roots[0].policy_types.len(), 2);
    let input = org::ListAccountsInput {
        next_token: Some("?".to_owned()),
        max_results: None,
    };
    let bad = world.read::<accounts::ListAccounts>(&root(MANAGEMENT), input);
    assert_eq!(reason(bad), "INVALID_NEXT_TOKEN");
}

#[test]
fn tags_are_kept_on_everything_that_has_them() {
    let world = world();
    let root_id = root_id(&world);
    let unit_id = unit(&world, &root_id, "Workloads").expect("a unit");
    let policy_id = policy(&world, "P", SCP, DENY_IAM).expect("a policy");
    let tag = |id: &str, key: &str| {
        let input = org::TagResourceInput {
            resource_id: id.to_owned(),
            tags: vec![org::Tag {
                key: key.to_owned(),
                value: "1".to_owned(),
            }],
        };
        world.change::<tags::TagResource>(&root(MANAGEMENT), input)
    };
    let list = |id: &str| {
        let input = org::ListTagsForResourceInput {
            resource_id: id.to_owned(),
            next_token: None,
        };
        let answer = world.read::<tags::ListTagsForResource>(&root(MANAGEMENT), input);
        answer.map(|answer| {
            answer
                .tags
                .into_iter()
                .map(|tag| tag.key)
                .collect::<Vec<_>>()
        })
    };
    for id in [root_id.as_str(), &unit_id, &policy_id, MEMBER] {
        tag(id, "b").expect("tagged");
        tag(id, "a").expect("tagged");
        assert_eq!(list(id).expect("listed"), ["a", "b"]);
        let input = org::UntagResourceInput {
            resource_id: id.to_owned(),
            tag_keys: vec!["b".to_owned(), "none".to_owned()],
        };
        world
            .change::<tags::UntagResource>(&root(MANAGEMENT), input)
            .expect("untagged");
        assert_eq!(list(id).expect("listed"), ["a"]);
    }
    assert_eq!(list("p-FullAWSAccess").expect("listed"), [""; 0]);
    assert_eq!(
        reason(tag(MEMBER, "aws:x")),
        "INVALID_SYSTEM_TAGS_PARAMETER"
    );
    assert_eq!(code(tag(OUTSIDER, "a")), "TargetNotFoundException");
    let only_tagged = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"organizations:DescribeAccount","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"1"}}}}"#;
    let reader = world.user(MANAGEMENT, "reader", only_tagged);
    let describe = |id: &str| {
        let input = org::DescribeAccountInput {
            account_id: id.to_owned(),
        };
        world.read::<accounts::DescribeAccount>(&reader, input)
    };
    describe(MEMBER).expect("it has the tag");
    assert_eq!(code(describe(MANAGEMENT)), "AccessDenied");
}
