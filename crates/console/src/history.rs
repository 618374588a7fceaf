//! The roles that an identity has switched to: kept on the server, without limit, newest first, favourites before all.
//!
//! AWS keeps the last five in cookies of one browser. Here the list belongs to the person and comes along to every browser.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use twinlock_directory::{AccountId, Millis};
use twinlock_gate::{Fault, World};

const PREFIX: &str = "console/history/";

/// A role once switched to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// Account id or alias, as it was typed.
    pub account: String,
    /// The role's name with its path.
    pub role: String,
    /// What the bar shows.
    pub display_name: String,
    /// The colour, by name.
    pub color: String,
    /// When it was last switched to.
    pub last: Millis,
    /// Whether it stays on top.
    #[serde(default)]
    pub favourite: bool,
}

/// The history of one identity.
#[derive(Debug)]
pub(crate) struct History {
    world: Arc<World>,
    name: String,
}

impl History {
    /// Of the user with this unique id, or of the root user, of an account.
    pub(crate) fn of(world: &Arc<World>, account: AccountId, user_id: Option<&str>) -> History {
        let user = user_id.unwrap_or("root");
        History {
            world: world.clone(),
            name: format!("{PREFIX}{account}/{user}"),
        }
    }

    /// All of it: favourites first, then by time.
    pub(crate) fn list(&self) -> Vec<Remembered> {
        let mut all: Vec<Remembered> = self
            .world
            .directory
            .meta_get(&self.name)
            .and_then(|json| serde_json::from_slice(&json).ok())
            .unwrap_or_default();
        all.sort_by_key(|role| {
            (
                std::cmp::Reverse(role.favourite),
                std::cmp::Reverse(role.last),
            )
        });
        all
    }

    /// Remembers a switch; a role known already, which `same` tells by whatever name its account was given, moves up and takes the new
    /// display name and colour.
    ///
    /// # Errors
    /// The store could not write.
    pub(crate) async fn remember(
        &self,
        mut switched: Remembered,
        same: impl Fn(&Remembered) -> bool,
    ) -> Result<(), Fault> {
        let mut all = self.list();
        switched.favourite = all.iter().any(|old| same(old) && old.favourite);
        all.retain(|old| !same(old));
        all.push(switched);
        self.write(&all).await
    }

    /// Changes one entry, or removes it when `change` answers false.
    ///
    /// # Errors
    /// The store could not write.
    pub(crate) async fn edit(
        &self,
        account: &str,
        role: &str,
        change: impl Fn(&mut Remembered) -> bool,
    ) -> Result<(), Fault> {
        let mut all = self.list();
        all.retain_mut(|old| old.account != account || old.role != role || change(old));
        self.write(&all).await
    }

    async fn write(&self, all: &[Remembered]) -> Result<(), Fault> {
        let json = serde_json::to_vec(all).map_err(|_| Fault::internal())?;
        let pending = self.world.directory.meta_put(&self.name, Some(json));
        pending.await.map_err(|_| Fault::internal())?;
        Ok(())
    }
}
