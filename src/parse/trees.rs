//! The config trees of the projects as layers: what `dbt_project.yml` files say of a resource by its fqn.
//! Called wherever a configuration is resolved.

use std::sync::{Arc, PoisonError, RwLock};

use crate::hash::HashMap;
use crate::manifest::ResourceType;
use crate::project::{ConfigEntry, Level, Project};

use super::config::Layer;

/// The root project and its packages.
pub(super) struct Trees<'a> {
    root: &'a Project,
    by_name: HashMap<&'a str, &'a Project>,
    /// What was made so far: thousands of resources lie at few levels.
    made: RwLock<HashMap<Levels, Arc<TreeLayers>>>,
}

/// What the layers of a resource follow from.
#[derive(PartialEq, Eq, Hash)]
struct Levels {
    resource: ResourceType,
    raw: bool,
    project: Arc<str>,
    /// The deepest level in the tree of the package, and in that of the root project if it is another one.
    own: usize,
    root: Option<usize>,
}

/// The layers of both trees that matter for a resource.
#[derive(Clone, Debug, Default)]
pub(super) struct TreeLayers {
    /// The package's own tree.
    pub(super) own: Vec<Layer>,
    /// The root project's tree; empty for the root project itself.
    pub(super) root: Vec<Layer>,
}

impl<'a> Trees<'a> {
    /// `projects` are all, the root project included.
    pub(super) fn new(root: &'a Project, projects: impl IntoIterator<Item = &'a Project>) -> Self {
        let by_name = projects.into_iter().map(|project| (&*project.name, project)).collect();
        Self { root, by_name, made: RwLock::default() }
    }

    /// Returns a project.
    pub(super) fn project(&self, package: &str) -> &'a Project {
        self.by_name.get(package).copied().unwrap_or(self.root)
    }

    /// Returns the rendered layers.
    pub(super) fn layers(&self, resource: ResourceType, package: &str, fqn: &[String]) -> Arc<TreeLayers> {
        self.both((resource, false), package, fqn)
    }

    /// Returns the layers as written, for state comparison: those of functions are looked up among the models', as
    /// in dbt.
    pub(super) fn raw_layers(
        &self,
        resource: ResourceType,
        package: &str,
        fqn: &[String],
    ) -> Arc<TreeLayers> {
        let resource = if resource == ResourceType::Function { ResourceType::Model } else { resource };
        self.both((resource, true), package, fqn)
    }

    fn both(&self, (resource, raw): (ResourceType, bool), package: &str, fqn: &[String]) -> Arc<TreeLayers> {
        let project = self.project(package);
        let own = project.configs.of(resource).levels(fqn);
        let root = (*package != *self.root.name).then(|| self.root.configs.of(resource).levels(fqn));
        let deepest = |levels: &[&Level]| levels.last().map_or(0, |level| level.id);
        let levels = Levels {
            resource,
            raw,
            project: Arc::clone(&project.name),
            own: deepest(&own),
            root: root.as_deref().map(deepest),
        };
        if let Some(made) = self.made.read().unwrap_or_else(PoisonError::into_inner).get(&levels) {
            return Arc::clone(made);
        }
        let layers = TreeLayers { own: layers(&own, raw), root: layers(&root.unwrap_or_default(), raw) };
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(made.entry(levels).or_insert_with(|| Arc::new(layers)))
    }
}

fn layers(levels: &[&Level], raw: bool) -> Vec<Layer> {
    let layer = |entries: &[ConfigEntry]| {
        let mut layer = Layer::default();
        for entry in entries {
            let value = if raw { &entry.raw } else { &entry.value };
            layer.set(Arc::clone(&entry.key), value.to_json(), Some(entry.value.span));
        }
        layer
    };
    levels.iter().filter(|level| !level.configs.is_empty()).map(|level| layer(&level.configs)).collect()
}
