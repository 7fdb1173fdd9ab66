//! The members of an identity that Azure Device Registry and Azure Resource Manager own.

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;

use crate::model::model;

model! {
    /// The device in Azure Device Registry that belongs to a device identity.
    ///
    /// If the hub is linked to a namespace of the registry, the registry device appears some time after the identity
    /// was created. Updates of the identity do not send it.
    pub struct AdrDeviceProperties as "registry device" {
        /// The unique id of the registry device.
        pub uuid: Option<String> = "uuid",
        /// The name of the registry device.
        pub name: Option<String> = "name",
        /// The ETag of the registry device. It differs from the identity's ETag.
        pub etag: Option<Etag> = "etag",
        /// The types of the device.
        pub device_type_refs: Option<Vec<String>> = "deviceTypeRefs",
        /// The authors and times of the creation and the last change.
        pub system_data: Option<AdrSystemData> = "systemData",
    }
}

model! {
    /// The authors and times of the creation and the last change of a registry device.
    pub struct AdrSystemData as "system data" {
        /// The identity that created the registry device.
        pub created_by: Option<String> = "createdBy",
        /// The kind of that identity.
        pub created_by_type: Option<String> = "createdByType",
        /// The time of the creation.
        pub created_at: Option<DateTime> = "createdAt",
        /// The identity that last changed the registry device.
        pub last_modified_by: Option<String> = "lastModifiedBy",
        /// The kind of that identity.
        pub last_modified_by_type: Option<String> = "lastModifiedByType",
        /// The time of the last change.
        pub last_modified_at: Option<DateTime> = "lastModifiedAt",
    }
}

model! {
    /// The state of the synchronization of a device with Azure Resource Manager.
    pub struct ArmSyncStatus as "synchronization status" {
        /// The state. Its values are not documented.
        pub state: Option<String> = "state",
        /// The reason for a failed synchronization.
        pub error_message: Option<String> = "errorMessage",
    }
}
