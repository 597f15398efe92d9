{#
  Replaces the rows of one batch: everything in its window of event time is deleted and inserted again. The window
  makes a unique key meaningless.
#}

{% macro duckdb__get_incremental_microbatch_sql(arg_dict) %}
  {%- set target = arg_dict['target_relation'] -%}
  {%- set source = arg_dict['temp_relation'] -%}
  {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  {%- set event_time = config.get('event_time') -%}

  {%- if arg_dict['unique_key'] -%}
    {%- do exceptions.raise_compiler_error(
        'the `microbatch` strategy replaces rows by `event_time` and takes no `unique_key`; use `merge` to match rows by key') -%}
  {%- elif not event_time -%}
    {%- do exceptions.raise_compiler_error(
        'the `microbatch` strategy requires an `event_time` config') -%}
  {%- endif -%}

  {%- set batch = model.get('batch') or {} -%}
  {%- set first = batch.get('event_time_start') -%}
  {%- set after = batch.get('event_time_end') -%}
  {%- if not first or not after -%}
    {%- do exceptions.raise_compiler_error(
        'the `microbatch` strategy needs the start and the end of a batch') -%}
  {%- endif -%}

  {%- set conditions = [
      event_time ~ " >= '" ~ first ~ "'",
      event_time ~ " < '" ~ after ~ "'"
  ] + normalize_incremental_predicates(arg_dict.get('incremental_predicates')) %}

    delete from {{ target }}
    where {{ conditions | join('\n      and ') }};

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ source }}
    where {{ conditions | join('\n      and ') }};
{% endmacro %}
