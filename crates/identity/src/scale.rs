//! What must not grow with an account: the work for a page of a listing. It is counted, not timed.

use std::cell::Cell;

use twinlock_directory::names_after;
use twinlock_shapes::iam as shapes;

use crate::{
    iam::{common::Cursor, users},
    testing::{TestWorld, root},
};

const A: &str = "111111111111";
/// Enough that work which grows with it cannot be overlooked.
const USERS: usize = 3000;
const PAGE: i32 = 100;

fn crowd() -> TestWorld {
    let world = TestWorld::new(&[A]);
    for n in 0..USERS {
        world.user(A, &format!("user-{n:05}"), "");
    }
    world
}

#[test]
fn a_page_costs_what_stands_on_it_and_no_page_is_lost() {
    let world = crowd();
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&A.parse().expect("id")).expect("there");
    let mut marker: Option<String> = None;
    let mut seen = 0;
    loop {
        let looked_at = Cell::new(0);
        let cursor = Cursor::new(marker.as_deref(), Some(PAGE)).expect("ours");
        let all = names_after(&node.users, cursor.after())
            .inspect(|_| looked_at.set(looked_at.get() + 1));
        let page = cursor.page(all, |user| user.name.to_lowercase());
        // One more than the page, to know whether there is another.
        assert!(
            looked_at.get() <= 101,
            "{} looked at for one page",
            looked_at.get()
        );
        let input = shapes::ListUsersInput {
            marker: marker.clone(),
            max_items: Some(PAGE),
            ..Default::default()
        };
        let told = world
            .read::<users::ListUsers>(&root(A), input)
            .expect("a page");
        let names = |users: &[shapes::User]| {
            users
                .iter()
                .map(|user| user.user_name.clone())
                .collect::<Vec<_>>()
        };
        let expected: Vec<String> = page.items.iter().map(|user| user.name.clone()).collect();
        assert_eq!(names(&told.users), expected);
        seen += told.users.len();
        marker = told.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, USERS);
}
