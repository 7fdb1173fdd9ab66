//! The query builder.

use super::ast::{Collection, Join, Projection, Query, Select};
use super::error::{Error, ValidationError};
use super::filter::Filter;
use super::pattern::PatternBuilder;
use super::validate::check_length;
use crate::name::{IntoPath, Name, NameError, Path};
use crate::value::ValueError;

/// One projection, created from a path or by [`column()`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column(Result<Projection, ValueError>);

/// Selects a variable or property; [`Column::named`] adds an alias.
///
/// ```
/// use twin_query::digitaltwins::{Query, column};
///
/// let query = Query::select([column("T.name"), column("T.temperature").named("t")]).from_twins("T").build()?;
/// assert_eq!(query.to_string(), "SELECT T.name, T.temperature AS t FROM DIGITALTWINS T");
/// # Ok::<(), twin_query::digitaltwins::Error>(())
/// ```
pub fn column(path: impl IntoPath) -> Column {
    Column(
        path.into_path()
            .map(|path| Projection { path, alias: None })
            .map_err(ValueError::from),
    )
}

impl Column {
    /// Sets the alias of the column, `AS name`.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self(self.0.and_then(|projection| {
            Ok(Projection {
                alias: Some(Name::new(name)?),
                ..projection
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
    /// The first invalid argument, returned by `build`.
    error: Option<Error>,
}

impl Query {
    /// Starts a query that returns variables and properties.
    ///
    /// The query reads `DIGITALTWINS` without an alias unless [`from_twins`](QueryBuilder::from_twins) or
    /// [`from_relationships`](QueryBuilder::from_relationships) is called.
    ///
    /// ```
    /// use twin_query::digitaltwins::{Query, path};
    ///
    /// let query = Query::select(["Room", "Sensor"])
    ///     .from_twins("Room")
    ///     .join("Sensor", "Room.contains")
    ///     .filter(path("Room.$dtId").eq("room-1"))
    ///     .build()?;
    /// assert_eq!(
    ///     query.to_string(),
    ///     "SELECT Room, Sensor FROM DIGITALTWINS Room JOIN Sensor RELATED Room.contains WHERE Room.$dtId = 'room-1'"
    /// );
    /// # Ok::<(), twin_query::digitaltwins::Error>(())
    /// ```
    pub fn select<C: Into<Column>>(columns: impl IntoIterator<Item = C>) -> QueryBuilder {
        let columns = columns
            .into_iter()
            .map(|column| column.into().0)
            .collect::<Result<Vec<_>, _>>();
        let mut builder = QueryBuilder::new(Select::All);
        if let Some(columns) = builder.store_error(columns) {
            builder.query.select = Select::Projections(columns);
        }
        builder
    }

    /// Starts a query that returns whole twins or relationships, `SELECT *`.
    pub fn select_all() -> QueryBuilder {
        QueryBuilder::new(Select::All)
    }

    /// Starts a query that returns the number of matches, `SELECT COUNT()`.
    pub fn select_count() -> QueryBuilder {
        QueryBuilder::new(Select::Count)
    }
}

impl QueryBuilder {
    fn new(select: Select) -> Self {
        let query = Query {
            select,
            collection: Collection::Twins,
            alias: None,
            joins: Vec::new(),
            pattern: None,
            filter: None,
        };
        Self {
            query,
            filter: None,
            error: None,
        }
    }

    /// Returns the value, or stores the error unless an earlier one is stored.
    fn store_error<T>(&mut self, result: Result<T, impl Into<Error>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.error.get_or_insert(error.into());
                None
            }
        }
    }

    fn validate_name(&mut self, name: &str) -> Option<Name> {
        self.store_error(Name::new(name).map_err(ValueError::from))
    }

    fn with_collection(mut self, collection: Collection, alias: Option<&str>) -> Self {
        self.query.collection = collection;
        self.query.alias = alias.and_then(|alias| self.validate_name(alias));
        self
    }

    /// Reads twins, `FROM DIGITALTWINS`, with an optional alias.
    pub fn from_twins<'a>(self, alias: impl Into<Option<&'a str>>) -> Self {
        self.with_collection(Collection::Twins, alias.into())
    }

    /// Reads relationships, `FROM RELATIONSHIPS`, with an optional alias.
    pub fn from_relationships<'a>(self, alias: impl Into<Option<&'a str>>) -> Self {
        self.with_collection(Collection::Relationships, alias.into())
    }

    /// Limits the number of rows, `TOP(count)`.
    pub fn top(mut self, count: u64) -> Self {
        self.query.select = match self.query.select {
            Select::All => Select::Top {
                count,
                projections: Vec::new(),
            },
            Select::Projections(projections) | Select::Top { projections, .. } => {
                Select::Top { count, projections }
            }
            Select::Count => {
                self.error.get_or_insert(ValidationError::CountWithTop.into());
                Select::Count
            }
        };
        self
    }

    /// Adds a `JOIN` clause: `join("Sensor", "Room.contains")` binds `Sensor` to the target of each `contains`
    /// relationship of `Room`. The service allows [`MAX_JOINS`](super::MAX_JOINS).
    pub fn join(self, target: &str, related: impl IntoPath) -> Self {
        self.push_join(target, related.into_path(), None)
    }

    /// Adds a `JOIN` clause as [`join`](Self::join) does, and binds the relationship itself to a variable.
    pub fn join_as(self, target: &str, related: impl IntoPath, relationship: &str) -> Self {
        self.push_join(target, related.into_path(), Some(relationship))
    }

    fn push_join(mut self, target: &str, related: Result<Path, NameError>, variable: Option<&str>) -> Self {
        let target = self.validate_name(target);
        let variable = variable.map(|variable| self.validate_name(variable));
        let related = self.store_error(related.map_err(ValueError::from));
        let (Some(target), Some(related)) = (target, related) else {
            return self;
        };
        match related.names() {
            [source, relationship] => self.query.joins.push(Join {
                target,
                source: source.clone(),
                relationship: relationship.clone(),
                variable: variable.flatten(),
            }),
            names => {
                let names: Vec<&str> = names.iter().map(Name::as_str).collect();
                self.error
                    .get_or_insert(ValidationError::InvalidJoinPath(names.join(".")).into());
            }
        }
        self
    }

    /// Sets the `MATCH` clause; see [`node`](super::node).
    pub fn matching(mut self, pattern: PatternBuilder) -> Self {
        self.query.pattern = self.store_error(pattern.build());
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

    /// Validates and returns the query. Its `to_string` is the query string for the service.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] for the first invalid name or value, [`Error::Invalid`] for the first violated rule or limit of
    /// the service, including the length of the printed query.
    pub fn build(mut self) -> Result<Query, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.query.filter = self.filter.map(|filter| filter.0).transpose()?;
        self.query.validate()?;
        check_length(&self.query.to_string())?;
        Ok(self.query)
    }
}
