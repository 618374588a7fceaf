//! The two operations that set a permissions boundary and take it away: the same for users and roles.

/// Declares the two for a holder. `$of` is the field of the inputs that names it.
macro_rules! boundary_operations {
    (
        $holder:ty, $kind:literal, $of:ident;
        $(#[$put_doc:meta])* $put:ident, $put_in:ident -> $put_out:ident;
        $(#[$delete_doc:meta])* $delete:ident, $delete_in:ident -> $delete_out:ident $(;)?
    ) => {
        $(#[$put_doc])*
        #[derive(Debug)]
        pub struct $put;

        impl twinlock_gate::Operation for $put {
            crate::iam::boundaries::boundary_operations!(@kind $put, $put_in, $put_out, $holder, $kind);

            /// The condition key is the boundary that the request sets, not the one in force.
            fn needs(
                input: &Self::Input,
                found: &Self::Found,
                cx: &twinlock_gate::Cx<'_>,
            ) -> Result<twinlock_gate::Needs, twinlock_gate::Fault> {
                let (account, found) = (cx.account_id()?, found.as_deref());
                let action = &Self::ACTIONS[0];
                let need = crate::iam::holder::Holder::plain_need(action, account, &input.$of, found);
                let boundary = input.permissions_boundary.as_str();
                Ok(twinlock_gate::Needs::one(need.key(crate::iam::common::BOUNDARY, boundary)))
            }
        }

        crate::iam::boundaries::boundary_operations!(@change $put, $of, |input, holder, cx| {
            crate::iam::common::check_boundary(cx, holder.account, &input.permissions_boundary)?;
            holder.boundary = Some(input.permissions_boundary.clone());
        });

        $(#[$delete_doc])*
        #[derive(Debug)]
        pub struct $delete;

        impl twinlock_gate::Operation for $delete {
            crate::iam::boundaries::boundary_operations!(@kind $delete, $delete_in, $delete_out, $holder, $kind);

            /// The condition key is the boundary in force.
            fn needs(
                input: &Self::Input,
                found: &Self::Found,
                cx: &twinlock_gate::Cx<'_>,
            ) -> Result<twinlock_gate::Needs, twinlock_gate::Fault> {
                let need = crate::iam::holder::need(&Self::ACTIONS[0], cx, &input.$of, found.as_ref())?;
                Ok(twinlock_gate::Needs::one(need))
            }
        }

        crate::iam::boundaries::boundary_operations!(@change $delete, $of, |_input, holder, _cx| {
            holder.boundary = None;
        });
    };
    (@kind $name:ident, $input:ident, $output:ident, $holder:ty, $kind:literal) => {
        type Input = twinlock_shapes::iam::$input;
        type Output = twinlock_shapes::iam::$output;
        type Found = Option<std::sync::Arc<$holder>>;
        const NAME: &'static str = stringify!($name);
        const ACTIONS: &'static [twinlock_gate::Action] = &[twinlock_gate::Action::new(
            concat!("iam:", stringify!($name)),
            &[$kind],
            &[crate::iam::common::BOUNDARY],
        )];
    };
    (@change $name:ident, $of:ident, |$in:ident, $it:ident, $cx:ident| $change:block) => {
        impl twinlock_gate::Change for $name {
            twinlock_gate::nothing_to_prepare!();

            fn find(input: &Self::Input, cx: &twinlock_gate::Cx<'_>) -> Self::Found {
                crate::iam::holder::find(cx, &input.$of)
            }

            fn run(
                _: &twinlock_gate::Permit<Self>,
                $in: &Self::Input,
                found: Self::Found,
                (): &(),
                $cx: &twinlock_gate::Cx<'_>,
                batch: &mut twinlock_directory::Batch,
            ) -> Result<Self::Output, twinlock_gate::Fault> {
                let mut $it = crate::iam::holder::changeable(found, &$in.$of)?;
                $change
                batch.put($it);
                Ok(Self::Output::default())
            }
        }
    };
}
pub(super) use boundary_operations;
