//! How bad each rule is: by itself, by the variable `tidegate_lint` of the project, by `meta: {tidegate_lint: ..}` of a model.
//!
//! Both places are free for whatever tools like, so that dbt reads the same project without a word. Folders of
//! `dbt_project.yml` set `+meta` as they set any other config.

use crate::diag::{Code, Diagnostic, Severity, Span, suggest};
use crate::manifest::{Json, Node};
use crate::project::Vars;
use crate::yaml::Yaml;

use super::rule::Rule;

/// The name of the variable, and of the key of `meta`.
const SETTING: &str = "tidegate_lint";

/// The words for a severity, as tests have them.
const WORDS: [&str; 3] = ["off", "warn", "error"];

/// How bad each rule is; `None` for one that is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings([Option<Severity>; Rule::ALL.len()]);

impl Default for Settings {
    fn default() -> Self {
        Self(Rule::ALL.map(|rule| Some(rule.usual())))
    }
}

impl Settings {
    /// Reads the variable among those of the root project, if it is there. Errors with everything that means nothing.
    pub fn of_root(vars: Option<&Vars>) -> Result<Self, Vec<Diagnostic>> {
        let given = vars.and_then(|vars| vars.get(SETTING));
        Self::of_project(given.map(Yaml::to_json).as_ref(), given.map(|given| given.span))
    }

    fn of_project(given: Option<&Json>, place: Option<Span>) -> Result<Self, Vec<Diagnostic>> {
        let mut settings = Self::default();
        let wrong = settings.change(given, place);
        if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
    }

    /// Returns the settings of a model. Errors with everything that means nothing.
    pub(super) fn of_model(&self, node: &Node) -> (Self, Vec<Diagnostic>) {
        let mut settings = self.clone();
        let given = node.config.object("meta").and_then(|meta| meta.get(SETTING));
        let wrong = settings.change(given, Some(node.place_of("meta")));
        (settings, wrong)
    }

    /// Returns how bad a rule is.
    pub(super) fn severity(&self, rule: Rule) -> Option<Severity> {
        Rule::ALL.iter().position(|known| *known == rule).and_then(|at| self.0[at])
    }

    /// Takes what is given: a severity for all rules, or for each by its name.
    fn change(&mut self, given: Option<&Json>, place: Option<Span>) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        match given {
            None | Some(Json::Null) => {}
            Some(Json::Object(rules)) => {
                for (name, word) in rules {
                    match Rule::ALL.iter().position(|rule| rule.name() == name) {
                        Some(at) => self.set(at, word, place).unwrap_or_else(|problem| wrong.push(problem)),
                        None => wrong.push(no_rule(name, place)),
                    }
                }
            }
            Some(word) => {
                let all: Result<(), _> = (0..Rule::ALL.len()).try_for_each(|at| self.set(at, word, place));
                wrong.extend(all.err());
            }
        }
        wrong
    }

    /// Sets the severity of a rule by its word. YAML 1.1 reads `off` and `on` as truth values.
    fn set(&mut self, at: usize, word: &Json, place: Option<Span>) -> Result<(), Diagnostic> {
        self.0[at] = match (word, word.as_str()) {
            (Json::Bool(false), _) | (_, Some("off")) => None,
            (Json::Bool(true), _) => Some(Rule::ALL[at].usual()),
            (_, Some("warn")) => Some(Severity::Warning),
            (_, Some("error")) => Some(Severity::Error),
            _ => return Err(no_severity(word, place)),
        };
        Ok(())
    }
}

fn no_severity(word: &Json, place: Option<Span>) -> Diagnostic {
    let text = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
    let help = suggest(&text, WORDS).unwrap_or_else(|| format!("known: {}", WORDS.join(", ")));
    Diagnostic::error(Code::CONFIG, place, format!("`{SETTING}` has no severity `{text}`")).help(help)
}

/// Says that there is no such rule.
pub(super) fn no_rule(name: &str, place: Option<Span>) -> Diagnostic {
    let names = Rule::ALL.map(Rule::name);
    let help = suggest(name, names).unwrap_or_else(|| format!("known: {}", names.join(", ")));
    Diagnostic::error(Code::CONFIG, place, format!("there is no lint rule `{name}`")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn severities_are_set_for_all_rules_or_for_each() {
        let read = |given: Json| Settings::of_project(Some(&given), None);
        let settings = read(json!({"unused-cte": "error", "untested-key": false})).unwrap();
        assert_eq!(settings.severity(Rule::UnusedCte), Some(Severity::Error));
        assert_eq!(settings.severity(Rule::UntestedKey), None);
        assert_eq!(settings.severity(Rule::FilterByClock), Some(Severity::Warning));
        assert_eq!(read(json!("off")).unwrap().severity(Rule::HardCodedRelation), None);
        let wrong = read(json!({"unused-ctes": "error", "untested-key": "warning"})).unwrap_err();
        let told: Vec<_> = wrong.iter().map(|it| (it.message.as_str(), it.help[0].as_str())).collect();
        assert_eq!(
            told,
            [
                ("there is no lint rule `unused-ctes`", "did you mean `unused-cte`?"),
                ("`tidegate_lint` has no severity `warning`", "known: off, warn, error"),
            ]
        );
    }
}
