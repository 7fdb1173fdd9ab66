//! The query builder.

use super::ast::{Aggregate, Item, ItemValue, Query, Select, Source};
use super::error::Error;
use super::filter::Filter;
use super::validate::check_length;
use crate::name::{IntoPath, Name, NameError, Path};
use crate::value::ValueError;

/// One entry of the `SELECT` list, created from a path or by [`column()`], [`count`], [`avg`], [`sum`], [`min`], or
/// [`max`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column(Result<Item, ValueError>);

/// Selects a property; [`Column::named`] adds an alias.
pub fn column(path: impl IntoPath) -> Column {
    Column(
        path.into_path()
            .map(|path| item(ItemValue::Path(path)))
            .map_err(ValueError::from),
    )
}

/// Selects `COUNT()`, the number of rows in total or per group.
///
/// ```
/// use twin_query::iothub::{Query, column, count};
///
/// let query = Query::select([column("tags.floor").named("floor"), count().named("devices")])
///     .from_devices()
///     .group_by(["tags.floor"])
///     .build()?;
/// assert_eq!(
///     query.to_string(),
///     "SELECT tags.floor AS floor, COUNT() AS devices FROM devices GROUP BY tags.floor"
/// );
/// # Ok::<(), twin_query::iothub::Error>(())
/// ```
pub fn count() -> Column {
    Column(Ok(item(ItemValue::Aggregate(Aggregate::Count))))
}

/// Selects `AVG(path)`.
pub fn avg(path: impl IntoPath) -> Column {
    aggregate(Aggregate::Average, path.into_path())
}

/// Selects `SUM(path)`.
pub fn sum(path: impl IntoPath) -> Column {
    aggregate(Aggregate::Sum, path.into_path())
}

/// Selects `MIN(path)`.
pub fn min(path: impl IntoPath) -> Column {
    aggregate(Aggregate::Minimum, path.into_path())
}

/// Selects `MAX(path)`.
pub fn max(path: impl IntoPath) -> Column {
    aggregate(Aggregate::Maximum, path.into_path())
}

fn aggregate(aggregate: fn(Path) -> Aggregate, path: Result<Path, NameError>) -> Column {
    Column(
        path.map(|path| item(ItemValue::Aggregate(aggregate(path))))
            .map_err(ValueError::from),
    )
}

fn item(value: ItemValue) -> Item {
    Item { value, alias: None }
}

impl Column {
    /// Sets the alias of the column, `AS name`.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self(self.0.and_then(|item| {
            Ok(Item {
                alias: Some(Name::new(name)?),
                ..item
            })
        }))
    }
}

impl<P: IntoPath> From<P> for Column {
    fn from(path: P) -> Self {
        column(path)
    }
}

/// A query under construction; see [`Query::select`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "call `build` to get the query"]
pub struct QueryBuilder {
    query: Query,
    filter: Option<Filter>,
    /// The first invalid name or value, returned by `build`.
    error: Option<ValueError>,
}

impl Query {
    /// Starts a query that returns properties and aggregates.
    ///
    /// The query reads `devices` unless [`from_modules`](QueryBuilder::from_modules) or
    /// [`from_jobs`](QueryBuilder::from_jobs) is called.
    ///
    /// ```
    /// use twin_query::iothub::{Query, path};
    ///
    /// let query = Query::select(["deviceId", "tags.floor"]).filter(path("deviceId").is_in(["a", "b"])).build()?;
    /// assert_eq!(query.to_string(), "SELECT deviceId, tags.floor FROM devices WHERE deviceId IN ['a', 'b']");
    /// # Ok::<(), twin_query::iothub::Error>(())
    /// ```
    pub fn select<C: Into<Column>>(columns: impl IntoIterator<Item = C>) -> QueryBuilder {
        match columns.into_iter().map(|column| column.into().0).collect() {
            Ok(items) => QueryBuilder::new(Select::Items(items), None),
            Err(error) => QueryBuilder::new(Select::All, Some(error)),
        }
    }

    /// Starts a query that returns whole twins or jobs, `SELECT *`.
    pub fn select_all() -> QueryBuilder {
        QueryBuilder::new(Select::All, None)
    }
}

impl QueryBuilder {
    fn new(select: Select, error: Option<ValueError>) -> Self {
        let query = Query {
            top: None,
            select,
            source: Source::Devices,
            filter: None,
            group_by: Vec::new(),
        };
        Self {
            query,
            filter: None,
            error,
        }
    }

    /// Reads device twins, `FROM devices`.
    pub fn from_devices(mut self) -> Self {
        self.query.source = Source::Devices;
        self
    }

    /// Reads module twins, `FROM devices.modules`.
    pub fn from_modules(mut self) -> Self {
        self.query.source = Source::Modules;
        self
    }

    /// Reads the per-device outcomes of scheduled jobs, `FROM devices.jobs`.
    pub fn from_jobs(mut self) -> Self {
        self.query.source = Source::Jobs;
        self
    }

    /// Limits the number of rows, `TOP count`.
    pub fn top(mut self, count: u64) -> Self {
        self.query.top = Some(count);
        self
    }

    /// Adds a condition to `WHERE`. Repeated calls are combined with `AND`.
    pub fn filter(mut self, filter: impl Into<Filter>) -> Self {
        let filter = filter.into();
        self.filter = Some(match self.filter.take() {
            Some(earlier) => earlier.and(filter),
            None => filter,
        });
        self
    }

    /// Groups the rows by the given properties.
    pub fn group_by<P: IntoPath>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        match paths.into_iter().map(IntoPath::into_path).collect() {
            Ok(paths) => self.query.group_by = paths,
            Err(error) => {
                self.error.get_or_insert(ValueError::Name(error));
            }
        }
        self
    }

    /// Validates and returns the query. Its `to_string` is the query string for the service.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] for the first invalid name or value, [`Error::Invalid`] for the first violated rule or limit of
    /// the service, including the length of the printed query.
    pub fn build(mut self) -> Result<Query, Error> {
        if let Some(error) = self.error {
            return Err(error.into());
        }
        self.query.filter = self.filter.map(|filter| filter.0).transpose()?;
        self.query.validate()?;
        check_length(&self.query.to_string())?;
        Ok(self.query)
    }
}
