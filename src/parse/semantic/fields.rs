//! What entries of the semantic layer may hold, key by key, in the order in which artifacts show it
//! (`resources.md` section 9).

use super::shape::Kind::{
    Config, Filter, Flag, Hidden, Mapping, Named, NamedList, Number, Object, Objects, SomeObjects, Spelled,
    Tags, Text, Texts, Whole, Window, Word,
};
use super::shape::{Field, may, must};

/// Grains of time, finest first.
pub(in crate::parse) const GRAINS: [&str; 11] = [
    "nanosecond",
    "microsecond",
    "millisecond",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
];

const AGGREGATIONS: &[&str] =
    &["sum", "min", "max", "count_distinct", "sum_boolean", "average", "percentile", "median", "count"];

/// What an export can become.
pub(in crate::parse) const EXPORT_TYPES: &[&str] = &["table", "view"];

/// An entry of `metrics`.
pub(super) const METRIC: &[Field] = &[
    must("label", Text),
    must("type", Word(&["simple", "ratio", "cumulative", "derived", "conversion"], None)),
    must("type_params", Object(TYPE_PARAMS)),
    may("filter", Filter),
    may("time_granularity", Text),
    may("meta", Mapping),
    may("tags", Texts),
    must("name", Text),
    may("description", Text),
    may("config", Mapping),
];

const TYPE_PARAMS: &[Field] = &[
    may("measure", Named(INPUT_MEASURE)),
    may("numerator", Named(INPUT_METRIC)),
    may("denominator", Named(INPUT_METRIC)),
    may("expr", Spelled { whole: false }),
    may("window", Window),
    may("grain_to_date", Word(&GRAINS, None)),
    may("metrics", NamedList(INPUT_METRIC)),
    may("conversion_type_params", Object(CONVERSION)),
    may("cumulative_type_params", Object(CUMULATIVE)),
    may("metric_aggregation_params", Hidden),
];

const INPUT_MEASURE: &[Field] = &[
    must("name", Text),
    may("filter", Filter),
    may("alias", Text),
    may("join_to_timespine", Flag),
    may("fill_nulls_with", Whole),
];

const INPUT_METRIC: &[Field] = &[
    must("name", Text),
    may("filter", Filter),
    may("alias", Text),
    may("offset_window", Window),
    may("offset_to_grain", Text),
];

const CONVERSION: &[Field] = &[
    must("base_measure", Named(INPUT_MEASURE)),
    must("conversion_measure", Named(INPUT_MEASURE)),
    must("entity", Text),
    may("calculation", Word(&["conversions", "conversion_rate"], Some("conversion_rate"))),
    may("window", Window),
    may("constant_properties", SomeObjects(CONSTANT)),
];

const CONSTANT: &[Field] = &[must("base_property", Text), must("conversion_property", Text)];

/// `cumulative_type_params` of a metric.
pub(super) const CUMULATIVE: &[Field] = &[
    may("window", Window),
    may("grain_to_date", Text),
    may("period_agg", Word(&["first", "last", "average"], Some("first"))),
    may("metric", Hidden),
];

/// An entry of `semantic_models`.
pub(super) const SEMANTIC_MODEL: &[Field] = &[
    must("model", Text),
    may("label", Text),
    may("defaults", Object(&[may("agg_time_dimension", Text)])),
    may("entities", Objects(ENTITY)),
    may("measures", Objects(MEASURE)),
    may("dimensions", Objects(DIMENSION)),
    may("primary_entity", Text),
    must("name", Text),
    may("description", Text),
    may("config", Mapping),
];

const ENTITY: &[Field] = &[
    must("name", Text),
    must("type", Word(&["foreign", "natural", "primary", "unique"], None)),
    may("description", Text),
    may("label", Text),
    may("role", Text),
    may("expr", Text),
    may("config", Config),
];

const MEASURE: &[Field] = &[
    must("name", Text),
    must("agg", Word(AGGREGATIONS, None)),
    may("description", Text),
    may("label", Text),
    may("create_metric", Flag),
    may("expr", Spelled { whole: true }),
    may(
        "agg_params",
        Object(&[
            may("percentile", Number),
            may("use_discrete_percentile", Flag),
            may("use_approximate_percentile", Flag),
        ]),
    ),
    may(
        "non_additive_dimension",
        Object(&[
            must("name", Text),
            must("window_choice", Word(AGGREGATIONS, None)),
            may("window_groupings", Texts),
        ]),
    ),
    may("agg_time_dimension", Text),
    may("config", Config),
];

const DIMENSION: &[Field] = &[
    must("name", Text),
    must("type", Word(&["categorical", "time"], None)),
    may("description", Text),
    may("label", Text),
    may("is_partition", Flag),
    may(
        "type_params",
        Object(&[
            must("time_granularity", Word(&GRAINS, None)),
            may("validity_params", Object(&[may("is_start", Flag), may("is_end", Flag)])),
        ]),
    ),
    may("expr", Text),
    may("metadata", Hidden),
    may("config", Config),
];

/// An entry of `saved_queries`.
pub(super) const SAVED_QUERY: &[Field] = &[
    must(
        "query_params",
        Object(&[
            may("metrics", Texts),
            may("group_by", Texts),
            may("where", Filter),
            may("order_by", Texts),
            may("limit", Whole),
        ]),
    ),
    may("exports", Objects(&[must("name", Text), may("config", Mapping)])),
    may("label", Text),
    may("tags", Tags),
    must("name", Text),
    may("description", Text),
    may("config", Mapping),
];

/// `time_spine` of a model.
pub(super) const TIME_SPINE: &[Field] = &[
    must("standard_granularity_column", Text),
    may("custom_granularities", Objects(&[must("name", Text), may("column_name", Text)])),
];
