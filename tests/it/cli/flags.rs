//! Every flag of every command of dbt 1.11, as its own definitions have them: `tests/fixtures/cli_flags/flags.json`.

use camino::Utf8PathBuf;
use serde_json::{Map, Value, json};
use tidegate::cli::args::{Flags, LowArgs, Parsed, Program, Source, Surroundings, parse, resolve};

const FACTS: &str = include_str!("../../fixtures/cli_flags/flags.json");

struct Fact {
    id: String,
    on: Vec<String>,
    off: Vec<String>,
    env: Vec<String>,
    kind: String,
    default: Value,
    choices: Vec<String>,
    commands: Vec<String>,
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn facts() -> (Vec<String>, Vec<Fact>, Map<String, Value>) {
    let all: Value = serde_json::from_str(FACTS).unwrap();
    let commands = texts(&all["commands"]);
    let flags = all["flags"].as_array().unwrap().iter().map(|flag| Fact {
        id: flag["id"].as_str().unwrap().to_owned(),
        on: texts(&flag["on"]),
        off: texts(&flag["off"]),
        env: texts(&flag["env"]),
        kind: flag["type"].as_str().unwrap().to_owned(),
        default: flag["default"].clone(),
        choices: texts(&flag["choices"]),
        commands: if flag["commands"] == "all" { commands.clone() } else { texts(&flag["commands"]) },
    });
    let project = all["project"].as_array().unwrap().iter();
    let project = project.map(|key| (key["id"].as_str().unwrap().to_owned(), key["default"].clone()));
    (commands.clone(), flags.collect(), project.collect())
}

impl Fact {
    /// A value that is not the one the flag has by itself.
    fn sample(&self) -> String {
        let other = self.choices.iter().find(|choice| self.default != **choice);
        match self.kind.as_str() {
            "switch" => if self.default == true { "false" } else { "true" }.to_owned(),
            "IntParamType" => "7".to_owned(),
            "YAML" => "{a: 1}".to_owned(),
            "WarnErrorOptionsType" => "{error: [NothingToDo]}".to_owned(),
            "SqlParseOptionsType" => "{MAX_GROUPING_DEPTH: 3}".to_owned(),
            "DateTime" => "2024-05-01".to_owned(),
            "SampleType" => "3 days".to_owned(),
            "Path" => "/".to_owned(),
            "Package" => "calendar@1.0".to_owned(),
            _ => other.cloned().unwrap_or_else(|| "word".to_owned()),
        }
    }

    /// Whether it is one of what `--version` and `--help` end at once.
    fn ends(&self) -> bool {
        self.id == "version"
    }

    fn words(&self, spelled: &str) -> Vec<String> {
        let value = (self.kind != "switch").then(|| self.sample());
        std::iter::once(spelled.to_owned()).chain(value).collect()
    }
}

fn command_words(command: &str) -> Vec<String> {
    let mut words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    words.extend((command == "run-operation").then(|| "m".to_owned()));
    words
}

fn low(words: &[String]) -> Result<Option<LowArgs>, String> {
    match parse(&Program { name: "dbt".to_owned() }, words) {
        Ok(Parsed::Run(low)) => Ok(Some(*low)),
        Ok(_) => Ok(None),
        Err(error) => Err(error.message),
    }
}

fn settle(command: &str, env: &[(String, String)], project: &Map<String, Value>) -> Result<Flags, String> {
    let cwd = Utf8PathBuf::from_path_buf(std::env::temp_dir()).unwrap();
    let around = Surroundings { home: Some(cwd.clone()), cwd, env: env.iter().cloned().collect() };
    let low = low(&command_words(command))?.unwrap();
    resolve(&low, &around, project).map_err(|error| error.message)
}

/// Groups of commands run nothing themselves.
fn runs(command: &str) -> bool {
    !["", "docs", "source"].contains(&command)
}

/// Returns what a command's flags are called: lines with one spelling of each, until all are used up.
fn spellings<'a>(flags: &[&'a Fact]) -> Vec<Vec<(&'a Fact, &'a String)>> {
    let nth = |nth: usize| {
        flags.iter().filter_map(move |flag| Some((*flag, flag.on.iter().chain(&flag.off).nth(nth)?)))
    };
    let most = flags.iter().map(|flag| flag.on.len() + flag.off.len()).max().unwrap_or_default();
    (0..most).map(|place| nth(place).collect()).collect()
}

#[test]
fn every_spelling_of_every_flag_is_taken_where_dbt_takes_it() {
    let (commands, flags, _) = facts();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for command in commands.iter().filter(|command| runs(command)) {
        let behind: Vec<&Fact> =
            flags.iter().filter(|flag| flag.commands.contains(command) && !flag.ends()).collect();
        let before =
            behind.iter().copied().filter(|flag| flag.commands.iter().any(String::is_empty)).collect();
        for (side, flags) in [("behind", behind), ("before", before)] {
            for line in spellings(&flags) {
                let words: Vec<String> =
                    line.iter().flat_map(|(flag, spelled)| flag.words(spelled)).collect();
                let mut words = [words, command_words(command)];
                if side == "behind" {
                    words.reverse();
                }
                let low = low(&words.concat());
                for (flag, spelled) in line {
                    tried += 1;
                    match &low {
                        Ok(Some(low)) if low.given.contains_key(flag.id.as_str()) => {}
                        Err(message) => wrong.push(format!("{command}: {message}")),
                        _ => wrong.push(format!("{spelled} {side} {command}")),
                    }
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 2000, "{tried}");
}

#[test]
fn no_flag_is_taken_by_a_command_that_has_no_use_for_it_in_dbt() {
    // Where things are is said in one way for all commands here.
    let shared = ["project_dir", "profiles_dir", "vars", "target_path", "threads"];
    let (commands, flags, _) = facts();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for command in commands.iter().filter(|command| runs(command)) {
        let taken = |takes| flags.iter().filter(move |flag| flag.commands.contains(command) == takes);
        for flag in taken(false) {
            let long = flag.on.iter().find(|spelled| spelled.starts_with("--")).unwrap();
            let another = taken(true).any(|known| known.on.contains(long));
            if another || shared.contains(&flag.id.as_str()) || flag.id == "show_resource_report" {
                continue;
            }
            tried += 1;
            let line = [command_words(command), flag.words(long)].concat();
            if low(&line).is_ok() {
                wrong.push(line.join(" "));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 250, "{tried}");
}

#[test]
fn every_variable_sets_its_flag() {
    let (commands, flags, _) = facts();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for command in commands.iter().filter(|command| runs(command)) {
        // These two exclude each other.
        for (place, without) in [(0, "warn_error"), (1, "warn_error"), (0, "warn_error_options")] {
            let flags = flags.iter().filter(|flag| flag.commands.contains(command) && flag.id != without);
            let set: Vec<(&Fact, &String)> =
                flags.filter_map(|flag| Some((flag, flag.env.get(place)?))).collect();
            let value = |flag: &Fact| match flag.id.as_str() {
                "event_time_end" => "2024-06-01".to_owned(),
                _ => flag.sample(),
            };
            let env: Vec<_> = set.iter().map(|(flag, name)| ((*name).clone(), value(flag))).collect();
            tried += set.len();
            match settle(command, &env, &Map::new()) {
                Ok(settled) => {
                    wrong.extend(
                        settled.notices.iter().map(|notice| format!("{command}: {}", notice.message)),
                    );
                    let unset = set.iter().filter(|(flag, _)| settled.source(&flag.id) != Source::Env);
                    wrong.extend(unset.map(|(_, name)| format!("{command}: {name}")));
                }
                Err(message) => wrong.push(format!("{command}: {message}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 2000, "{tried}");
}

#[test]
fn a_flag_that_nobody_sets_is_what_it_is_in_dbt() {
    let (commands, flags, _) = facts();
    let mut wrong = Vec::new();
    for command in commands.iter().filter(|command| runs(command)) {
        let settled = settle(command, &[], &Map::new()).unwrap();
        let args = settled.as_invocation_args();
        for flag in flags.iter().filter(|flag| flag.commands.contains(command)) {
            let odd = ["vars", "warn_error_options", "sqlparse"].contains(&flag.id.as_str());
            if odd || flag.default.is_null() {
                continue;
            }
            let got = args.get(&flag.id).cloned().unwrap_or(json!(false));
            if got != flag.default {
                wrong.push(format!("{command}: {} is {got}, not {}", flag.id, flag.default));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_key_of_flags_in_the_project_is_known() {
    let (_, flags, project) = facts();
    let mut wrong = Vec::new();
    for (key, default) in &project {
        let flag = flags.iter().find(|flag| flag.id == *key);
        let sample = match flag {
            Some(flag) if flag.kind == "switch" => json!(flag.default != true),
            Some(flag) if flag.kind == "IntParamType" => json!(7),
            Some(flag) if flag.kind == "WarnErrorOptionsType" => json!({"error": ["NothingToDo"]}),
            Some(flag) => json!(flag.sample()),
            None => json!(default != true),
        };
        let given = json!({key.as_str(): sample.clone()});
        let settled = settle("build", &[], given.as_object().unwrap()).unwrap();
        let args = settled.as_invocation_args();
        let taken = match (flag, key.as_str()) {
            (Some(_), _) => settled.source(key) == Source::Project,
            // Messages name their events here whether asked to or not; dbt passes it to no artifact either.
            (None, "require_event_names_in_deprecations") => !args.contains_key(key),
            (None, _) => {
                args[key] == sample
                    && settle("build", &[], &Map::new()).unwrap().as_invocation_args()[key] == *default
            }
        };
        if !taken {
            wrong.push(key.clone());
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    // And no other flag can be set there.
    for flag in flags.iter().filter(|flag| !project.contains_key(&flag.id)) {
        let command = flag.commands.iter().find(|command| runs(command)).map_or("run", String::as_str);
        let given = json!({flag.id.as_str(): flag.sample()});
        let settled = settle(command, &[], given.as_object().unwrap()).unwrap();
        assert_eq!(settled.source(&flag.id), Source::Default, "{}", flag.id);
    }
}
