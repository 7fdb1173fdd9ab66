//! Individual enrollments and enrollment groups.

use futures::TryStreamExt as _;
use provisioning_convenience::{
    Attestation, BulkMode, EnrollmentGroup, EnrollmentSettings, IndividualEnrollment, InitialTwin,
    Precondition, ProvisioningStatus, ReprovisionPolicy, SymmetricKeys,
};

use super::{ensure, ensure_equal, expect_error};
use crate::{Failure, environment::Environment};

/// An attestation with keys that the service generates.
fn generated_keys() -> Attestation {
    Attestation::symmetric_keys(SymmetricKeys::assigned_by_service())
}

/// Creates an individual enrollment, reads it, changes it conditionally, and deletes it.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn individual_enrollment_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let dps = environment.provisioning()?;
    let id = environment.enrollment_id("lifecycle");
    let settings = EnrollmentSettings::new().with_initial_twin(InitialTwin::new().with_tag("site", "oslo"));
    let enrollment = IndividualEnrollment::new(&id, generated_keys()).with_settings(settings);
    let created = dps.create_individual_enrollment(&enrollment).await?;
    let keys = created.attestation.symmetric_key.as_ref().ok_or("no keys")?;
    ensure(
        "both keys are generated",
        keys.primary.is_some() && keys.secondary.is_some(),
    )?;
    let again = expect_error(
        "creating it again",
        dps.create_individual_enrollment(&enrollment).await,
    )?;
    ensure("it exists", again.is_conflict())?;

    let mut stored = dps.get_individual_enrollment(&id).await?.into_model()?;
    let read_keys = stored.attestation.symmetric_key.as_ref();
    ensure(
        "reading returns no keys",
        read_keys.is_none_or(|keys| keys.primary.is_none() && keys.secondary.is_none()),
    )?;
    let tags = |enrollment: &IndividualEnrollment| {
        let twin = enrollment.settings.initial_twin.as_ref();
        twin.and_then(|twin| twin.tags.clone())
    };
    ensure_equal("the tags of the initial twin", tags(&stored), tags(&enrollment))?;
    let before = stored.precondition()?;
    stored.attestation = dps
        .get_individual_enrollment_attestation(&id)
        .await?
        .into_model()?;
    ensure_equal("the keys", &stored.attestation, &created.attestation)?;
    stored.settings.provisioning_status = Some(ProvisioningStatus::Disabled);
    let updated = dps
        .update_individual_enrollment(&stored, &before)
        .await?
        .into_model()?;
    ensure_equal(
        "the status",
        updated.settings.provisioning_status,
        Some(ProvisioningStatus::Disabled),
    )?;
    let kept = dps
        .get_individual_enrollment_attestation(&id)
        .await?
        .into_model()?;
    ensure_equal("the keys after the update", &kept, &created.attestation)?;
    let stale = dps.update_individual_enrollment(&stored, &before).await;
    let stale = expect_error("an update with the old ETag", stale)?;
    ensure("the precondition fails", stale.is_precondition_failed())?;
    dps.delete_individual_enrollment(&id, Precondition::Unconditional)
        .await?;
    let missing = expect_error("reading it", dps.get_individual_enrollment(&id).await)?;
    ensure("it is gone", missing.is_not_found())
}

/// Creates an enrollment group, reads it, changes it conditionally, and deletes it.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn enrollment_group_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let dps = environment.provisioning()?;
    let id = environment.enrollment_group_id("lifecycle");
    let group = EnrollmentGroup::new(&id, Attestation::symmetric_keys(SymmetricKeys::generate()?));
    let created = dps.create_enrollment_group(&group).await?;
    ensure_equal("the keys", &created.attestation, &group.attestation)?;
    let again = expect_error("creating it again", dps.create_enrollment_group(&group).await)?;
    ensure("it exists", again.is_conflict())?;
    let mut stored = dps.get_enrollment_group(&id).await?.into_model()?;
    stored.attestation = dps.get_enrollment_group_attestation(&id).await?.into_model()?;
    stored.settings.reprovision_policy = Some(ReprovisionPolicy::never());
    let precondition = stored.precondition()?;
    let updated = dps
        .update_enrollment_group(&stored, &precondition)
        .await?
        .into_model()?;
    ensure_equal(
        "the policy",
        updated.settings.reprovision_policy.as_ref(),
        Some(&ReprovisionPolicy::never()),
    )?;
    let stale = dps.delete_enrollment_group(&id, precondition).await;
    let stale = expect_error("a deletion with the old ETag", stale)?;
    ensure("the precondition fails", stale.is_precondition_failed())?;
    dps.delete_enrollment_group(&id, updated.precondition()?).await?;
    Ok(())
}

/// Creates more enrollments than fit into a request, finds all of them by pages, and deletes them.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn enrollments_in_bulk(environment: &Environment) -> Result<(), Failure> {
    let dps = environment.provisioning()?;
    let ids: Vec<_> = (0..12)
        .map(|number| environment.enrollment_id(&format!("bulk-{number}")))
        .collect();
    let items = || {
        ids.iter()
            .map(|id| IndividualEnrollment::new(id, generated_keys()))
    };
    let created = dps
        .bulk_individual_enrollments(BulkMode::Create, items(), None)
        .await;
    ensure("all are created", created.is_successful())?;
    let again = dps
        .bulk_individual_enrollments(BulkMode::Create, items().take(1), None)
        .await;
    ensure_equal("failures of the second creation", again.failed().count(), 1)?;
    let options = provisioning_convenience::QueryOptions {
        page_size: Some(5),
        ..Default::default()
    };
    let found: Vec<_> = dps
        .query_individual_enrollments("SELECT * FROM enrollments", Some(options))?
        .try_collect()
        .await?;
    let found = found
        .iter()
        .filter(|enrollment| ids.contains(&enrollment.registration_id));
    ensure_equal("the enrollments found", found.count(), ids.len())?;
    let deleted = dps
        .bulk_individual_enrollments(BulkMode::Delete, items(), None)
        .await;
    ensure("all are deleted", deleted.is_successful())?;

    let id = environment.enrollment_group_id("bulk");
    let group = EnrollmentGroup::new(&id, generated_keys());
    let report = dps.bulk_enrollment_groups(BulkMode::Create, [group], None).await;
    ensure("the group is created", report.is_successful())?;
    let groups: Vec<_> = dps
        .query_enrollment_groups("SELECT * FROM enrollmentGroups", None)?
        .try_collect()
        .await?;
    ensure(
        "the group is found",
        groups.iter().any(|group| group.enrollment_group_id == id),
    )
}
