//! What functions do, as far as lineage asks: which ones aggregate, take lambdas, read files.

/// Aggregate functions of DuckDB (`duckdb_functions()`) and Postgres (`pg_proc`), in order.
const AGGREGATES: &str = "
    any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null
    arg_max_nulls_last arg_min arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or
    bit_xor bitstring_agg bool_and bool_or corr count count_if count_star countif covar_pop covar_samp
    entropy every favg first fsum geomean geometric_mean group_concat histogram histogram_exact json_agg
    json_agg_strict json_arrayagg json_group_array json_group_object json_group_structure json_object_agg
    json_object_agg_strict json_objectagg jsonb_agg jsonb_object_agg kahan_sum kurtosis kurtosis_pop last
    list listagg mad max max_by mean median min min_by mode percentile_cont percentile_disc product
    quantile quantile_cont quantile_disc range_agg range_intersect_agg regr_avgx regr_avgy regr_count
    regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness
    st_union_agg stddev stddev_pop stddev_samp string_agg sum sum_no_overflow sumkahan var_pop var_samp
    variance weighted_avg wavg xmlagg
";

/// DuckDB's functions whose arguments may be lambdas.
const WITH_LAMBDAS: &str = "
    apply array_apply array_filter array_reduce array_transform columns filter list_apply list_filter
    list_reduce list_transform reduce
";

/// DuckDB's functions that give a list, so that `unnest` of one gives one column.
const LISTS: &str = "
    array_agg array_distinct array_filter flatten generate_series list list_distinct list_value map_keys
    range regexp_extract_all regexp_split_to_array split str_split str_split_regex string_split
    string_split_regex string_to_array unnest glob
";

fn has(names: &str, name: &str) -> bool {
    names.split_whitespace().any(|known| known == name)
}

/// Tells whether a function makes one value of those of several rows.
pub fn is_aggregate(name: &str) -> bool {
    has(AGGREGATES, name)
}

/// Tells whether `x -> y` among its arguments is a lambda.
pub(super) fn takes_lambda(name: &str) -> bool {
    has(WITH_LAMBDAS, name)
}

/// Tells whether it certainly gives a list.
pub(super) fn gives_list(name: &str) -> bool {
    has(LISTS, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_whatever_their_kind() {
        assert!(
            is_aggregate("sum")
                && is_aggregate("jsonb_agg")
                && !is_aggregate("lag")
                && !is_aggregate("upper")
        );
        assert!(takes_lambda("list_filter") && !takes_lambda("json_extract"));
    }
}
