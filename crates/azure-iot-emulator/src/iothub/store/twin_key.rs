//! Keys of twins, and their lookup.

use crate::iothub::store::Store;
use crate::iothub::store::identity::Identity;
use crate::iothub::store::not_found::NotFound;
use crate::iothub::store::view::TwinView;

/// The key of a twin: a device, or one of its modules.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TwinKey<'a> {
    pub(crate) device_id: &'a str,
    pub(crate) module_id: Option<&'a str>,
}

impl<'a> TwinKey<'a> {
    pub(crate) fn device(device_id: &'a str) -> Self {
        Self {
            device_id,
            module_id: None,
        }
    }

    pub(crate) fn module(device_id: &'a str, module_id: &'a str) -> Self {
        Self {
            device_id,
            module_id: Some(module_id),
        }
    }

    /// Returns the error for a missing module. Unlike identity operations, twin operations report
    /// it as a missing device.
    fn not_found(self) -> NotFound {
        NotFound::device(self.module_id.unwrap_or(self.device_id))
    }

    pub(crate) fn find(self, store: &Store) -> Result<TwinView<'_>, NotFound> {
        let device = store.device(self.device_id)?;
        let module = match self.module_id {
            Some(id) => Some(device.modules.get(id).ok_or_else(|| self.not_found())?),
            None => None,
        };
        Ok(TwinView { device, module })
    }

    pub(crate) fn find_mut(self, store: &mut Store) -> Result<&mut Identity, NotFound> {
        let device = store.device_mut(self.device_id)?;
        match self.module_id {
            Some(id) => device
                .modules
                .get_mut(id)
                .map(|module| &mut module.identity)
                .ok_or_else(|| self.not_found()),
            None => Ok(&mut device.identity),
        }
    }
}
