//! Random `JOIN` chains and `MATCH` patterns with their query text, and all their matches in a graph.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::Value;

use super::condition::Variable;
use super::world::World;

fn variable(name: String, is_twin: bool) -> Variable {
    Variable { name, is_twin }
}

/// A chain of joins, such as `DIGITALTWINS T0 JOIN T1 RELATED T0.a R1`.
pub(super) struct Joins {
    pub(super) variables: Vec<Variable>,
    joins: Vec<Join>,
}

/// A join; the numbers are positions in [`Joins::variables`].
struct Join {
    source: usize,
    name: &'static str,
    target: usize,
    relationship: Option<usize>,
}

impl Joins {
    pub(super) fn random(random: &mut StdRng) -> Self {
        let mut variables = vec![variable("T0".to_owned(), true)];
        let (mut joins, mut twins) = (Vec::<Join>::new(), vec![0]);
        for number in 1..=random.random_range(1..=5) {
            let source = match random.random_bool(0.7) {
                true => twins.last(),
                false => twins.choose(random),
            };
            let source = *source.expect("a twin");
            variables.push(variable(format!("T{number}"), true));
            let target = variables.len() - 1;
            twins.push(target);
            let relationship = random.random_bool(0.4).then(|| {
                variables.push(variable(format!("R{number}"), false));
                variables.len() - 1
            });
            joins.push(Join {
                source,
                name: if random.random_bool(0.8) { "a" } else { "b" },
                target,
                relationship,
            });
        }
        Joins { variables, joins }
    }

    pub(super) fn text(&self) -> String {
        let name = |at: usize| self.variables[at].name.as_str();
        let joins = self.joins.iter().map(|join| {
            let relationship = join
                .relationship
                .map(|at| format!(" {}", name(at)))
                .unwrap_or_default();
            format!(
                " JOIN {} RELATED {}.{}{relationship}",
                name(join.target),
                name(join.source),
                join.name
            )
        });
        format!("DIGITALTWINS T0{}", joins.collect::<String>())
    }

    pub(super) fn labels(&self) -> Vec<String> {
        let mut labels = vec![format!("{} JOIN", self.joins.len())];
        let chain = self.joins.windows(2).all(|pair| pair[1].source == pair[0].target);
        labels.extend((!chain).then(|| "branches".to_owned()));
        let bound = self.joins.iter().any(|join| join.relationship.is_some());
        labels.extend(bound.then(|| "relationship variable".to_owned()));
        labels
    }

    /// Returns all rows without the condition: for each combination of relationships that the joins can follow, the
    /// twins and relationships that the variables are bound to.
    pub(super) fn rows<'w>(&self, world: &'w World) -> Vec<Vec<&'w Value>> {
        let mut rows: Vec<Vec<&Value>> = world.twins.iter().map(|twin| vec![twin]).collect();
        for join in &self.joins {
            let mut longer = Vec::new();
            for row in &rows {
                for relationship in &world.relationships {
                    let fits = relationship["$relationshipName"] == join.name
                        && relationship["$sourceId"] == row[join.source]["$dtId"];
                    if fits {
                        let mut row = row.clone();
                        row.push(end(world, relationship, "$targetId"));
                        row.extend(join.relationship.map(|_| relationship));
                        longer.push(row);
                    }
                }
            }
            rows = longer;
        }
        rows
    }
}

fn end<'w>(world: &'w World, relationship: &Value, which: &str) -> &'w Value {
    let twin = world
        .twins
        .iter()
        .find(|twin| twin["$dtId"] == relationship[which]);
    twin.expect("both ends of a relationship exist")
}

/// A `MATCH` pattern, such as `(n0)-[r1:a]->(n1)`.
pub(super) struct Pattern {
    pub(super) variables: Vec<Variable>,
    /// The variable of each node; `None` if it is unnamed.
    nodes: Vec<Option<usize>>,
    edges: Vec<Edge>,
}

struct Edge {
    names: &'static [&'static str],
    /// The names and hops in query syntax.
    name_text: &'static str,
    hop_text: &'static str,
    /// The direction: `->`, `<-` or `--`.
    direction: &'static str,
    least: usize,
    most: usize,
    relationship: Option<usize>,
}

impl Pattern {
    pub(super) fn random(random: &mut StdRng) -> Self {
        let mut variables = vec![variable("n0".to_owned(), true)];
        let (mut nodes, mut edges) = (vec![Some(0)], Vec::new());
        let count = *[0, 1, 1, 2, 2, 2, 3, 3].choose(random).expect("a number");
        for number in 1..=count {
            let mut edge = edge(random, count);
            if edge.most == 1 && edge.hop_text.is_empty() && random.random_bool(0.4) {
                variables.push(variable(format!("r{number}"), false));
                edge.relationship = Some(variables.len() - 1);
            }
            edges.push(edge);
            let named: Vec<usize> = nodes.iter().copied().flatten().collect();
            nodes.push(match random.random_range(0..10) {
                0 => None,
                // Reuses a node that is already in the pattern.
                1 | 2 if number > 1 => named.choose(random).copied(),
                _ => {
                    variables.push(variable(format!("n{number}"), true));
                    Some(variables.len() - 1)
                }
            });
        }
        Pattern {
            variables,
            nodes,
            edges,
        }
    }

    pub(super) fn text(&self) -> String {
        let name = |at: &Option<usize>| at.map(|at| self.variables[at].name.as_str()).unwrap_or_default();
        let mut text = format!("({})", name(&self.nodes[0]));
        for (edge, node) in self.edges.iter().zip(&self.nodes[1..]) {
            let inner = format!(
                "[{}{}{}]",
                name(&edge.relationship),
                edge.name_text,
                edge.hop_text
            );
            let arrow = match edge.direction {
                "->" => format!("-{inner}->"),
                "<-" => format!("<-{inner}-"),
                _ => format!("-{inner}-"),
            };
            text.push_str(&format!("{arrow}({})", name(node)));
        }
        text
    }

    pub(super) fn labels(&self) -> Vec<String> {
        let mut labels = vec![format!("{} edges", self.edges.len())];
        for edge in &self.edges {
            let names = match edge.name_text {
                "" => "any name",
                text if text.contains('|') => "two names",
                _ => "one name",
            };
            let hops = match edge.hop_text {
                "" => "one hop",
                "*..10" => "many hops",
                text if text.starts_with("*..") => "*..n",
                text if text.contains("..") => "*m..n",
                _ => "*n",
            };
            labels.extend([edge.direction, names, hops].map(str::to_owned));
            labels.extend(edge.relationship.map(|_| "relationship variable".to_owned()));
        }
        let named: Vec<_> = self.nodes.iter().flatten().collect();
        let closed = named
            .iter()
            .enumerate()
            .any(|(at, node)| named[..at].contains(node));
        labels.extend(closed.then(|| "closed".to_owned()));
        labels.extend(self.nodes.contains(&None).then(|| "unnamed node".to_owned()));
        labels
    }

    /// Returns all rows without the condition: for each path, starting at any twin, the twins and relationships that
    /// the variables are bound to. A path visits a twin only once, unless the pattern repeats its variable.
    pub(super) fn rows<'w>(&self, world: &'w World) -> Vec<Vec<&'w Value>> {
        let mut rows = Vec::new();
        for start in &world.twins {
            let mut row = vec![&Value::Null; self.variables.len()];
            row[0] = start;
            let mut walk = Walk {
                pattern: self,
                world,
                visited: vec![start],
                row,
                rows: &mut rows,
            };
            walk.go(0, 0, start);
        }
        rows
    }
}

fn edge(random: &mut StdRng, count: usize) -> Edge {
    let (names, name_text): (&'static [_], _) = *[
        (&["a"][..], ":a"),
        (&["b"][..], ":b"),
        (&["a", "b"][..], ":a|b"),
        (&["a", "b"][..], ":b|a"),
        (&["a", "b"][..], ""),
    ]
    .choose(random)
    .expect("names");
    let (hop_text, least, most) = *[
        ("", 1, 1),
        ("", 1, 1),
        ("", 1, 1),
        ("*1", 1, 1),
        ("*2", 2, 2),
        ("*3", 3, 3),
        ("*..2", 1, 2),
        ("*..3", 1, 3),
        ("*1..3", 2, 3),
        ("*2..4", 3, 4),
        ("*..10", 1, 10),
    ]
    .choose(random)
    .expect("hops");
    let directed = most > 4 || random.random_bool(0.75);
    let direction = match (directed, random.random_bool(0.5)) {
        (true, true) => "->",
        (true, false) => "<-",
        _ => "--",
    };
    // The number of paths would explode if several edges had up to ten hops.
    let (hop_text, least, most) = match most > 4 && count > 1 {
        true => ("", 1, 1),
        false => (hop_text, least, most),
    };
    Edge {
        names,
        name_text,
        hop_text,
        direction,
        least,
        most,
        relationship: None,
    }
}

struct Walk<'s, 'w> {
    pattern: &'s Pattern,
    world: &'w World,
    visited: Vec<&'w Value>,
    row: Vec<&'w Value>,
    rows: &'s mut Vec<Vec<&'w Value>>,
}

impl<'w> Walk<'_, 'w> {
    /// Continues the path from the twin `here`, `taken` hops into edge `at`. Records a row after the last edge.
    fn go(&mut self, at: usize, taken: usize, here: &'w Value) {
        let pattern = self.pattern;
        let Some(edge) = pattern.edges.get(at) else {
            self.rows.push(self.row.clone());
            return;
        };
        for relationship in &self.world.relationships {
            let name = relationship["$relationshipName"].as_str().expect("a name");
            if !edge.names.contains(&name) {
                continue;
            }
            for (direction, from, to) in [("->", "$sourceId", "$targetId"), ("<-", "$targetId", "$sourceId")]
            {
                let allowed = edge.direction == direction || edge.direction == "--";
                if !allowed || relationship[from] != here["$dtId"] {
                    continue;
                }
                let to = end(self.world, relationship, to);
                let is_new = !self.visited.iter().any(|twin| std::ptr::eq(*twin, to));
                let hops = taken + 1;
                if hops >= edge.least {
                    self.arrive(at, relationship, to, is_new);
                }
                if hops < edge.most && is_new {
                    self.visited.push(to);
                    self.go(at, hops, to);
                    self.visited.pop();
                }
            }
        }
    }

    /// Ends edge `at` at the twin `to` and continues with the next edge. Does nothing if the path has already visited
    /// the twin, or if the node's variable is already bound to another twin.
    fn arrive(&mut self, at: usize, relationship: &'w Value, to: &'w Value, is_new: bool) {
        let before = self.row.clone();
        let node = self.pattern.nodes[at + 1];
        let known = node.map(|node| self.row[node]).filter(|known| !known.is_null());
        let fits = known.map_or(is_new, |known| std::ptr::eq(known, to));
        if !fits {
            return;
        }
        if let Some(node) = node {
            self.row[node] = to;
        }
        if let Some(variable) = self.pattern.edges[at].relationship {
            self.row[variable] = relationship;
        }
        self.visited.push(to);
        self.go(at + 1, 0, to);
        self.visited.pop();
        self.row = before;
    }
}
