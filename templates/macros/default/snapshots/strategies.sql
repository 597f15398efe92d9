{#
  How a snapshot notices that a row has changed. A strategy returns SQL fragments: `row_changed` compares the current
  row of the table with the row of the source, `updated_at` is when the new version began, `scd_id` identifies it.
#}

{# The macro for a strategy: built in, the project's own, or `package.name`. #}
{% macro strategy_dispatch(name) -%}
  {%- set scope = context -%}
  {%- set strategy = name -%}

  {%- if '.' in name -%}
    {%- set package_name, strategy = name.split('.', 1) -%}
    {%- if package_name not in context -%}
      {%- do exceptions.raise_compiler_error(
          "Could not find package '" ~ package_name ~ "', called with '" ~ name ~ "'") -%}
    {%- endif -%}
    {%- set scope = context[package_name] -%}
  {%- endif -%}

  {%- set macro_name = 'snapshot_' ~ strategy ~ '_strategy' -%}
  {%- if macro_name not in scope -%}
    {%- do exceptions.raise_compiler_error('Could not find strategy macro for ' ~ "'" ~ strategy ~ "': " ~ macro_name) -%}
  {%- endif -%}
  {{ return(scope[macro_name]) }}
{%- endmacro %}


{# One hash of all arguments; a separator keeps ('a', 'bc') and ('ab', 'c') apart. #}
{% macro snapshot_hash_arguments(args) -%}
  {{ return(adapter.dispatch('snapshot_hash_arguments', 'dbt')(args)) }}
{%- endmacro %}

{% macro default__snapshot_hash_arguments(args) -%}
  md5({% for arg in args -%}
    coalesce(cast({{ arg }} as varchar), '')
    {%- if not loop.last %} || '|' || {% endif -%}
  {%- endfor %})
{%- endmacro %}


{# A row has changed when the source says it was updated after its current version began. #}
{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {%- set unique_key = config.get('unique_key') -%}
  {%- set updated_at = config.get('updated_at') -%}
  {%- set hard_deletes = adapter.get_hard_deletes_behavior(config) -%}
  {%- set columns = snapshot_column_names() -%}

  {#- The start of the version and not its `dbt_updated_at`: a strategy can change during a snapshot's life. -#}
  {%- set row_changed -%}
    ({{ snapshotted_rel }}.{{ columns.dbt_valid_from }} < {{ current_rel }}.{{ updated_at }})
  {%- endset -%}

  {{ return({
      'unique_key': unique_key,
      'updated_at': updated_at,
      'row_changed': row_changed,
      'scd_id': snapshot_hash_arguments(([unique_key] if unique_key is string else unique_key) + [updated_at]),
      'invalidate_hard_deletes': hard_deletes == 'invalidate',
      'hard_deletes': hard_deletes
  }) }}
{% endmacro %}


{# A row has changed when one of the checked columns has; a checked column new to the table changes every row. #}
{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {%- set unique_key = config.get('unique_key') -%}
  {%- set updated_at = config.get('updated_at') or snapshot_get_time() -%}
  {%- set hard_deletes = adapter.get_hard_deletes_behavior(config) -%}
  {%- set column_added, columns = snapshot_check_all_get_existing_columns(
      node, target_exists, config.get('check_cols')) -%}

  {%- set differences = [] -%}
  {%- for column in columns -%}
    {%- set before = snapshotted_rel ~ '.' ~ column -%}
    {%- set after = current_rel ~ '.' ~ column -%}
    {%- do differences.append(
        before ~ ' != ' ~ after
        ~ ' or (' ~ before ~ ' is null and ' ~ after ~ ' is not null)'
        ~ ' or (' ~ before ~ ' is not null and ' ~ after ~ ' is null)') -%}
  {%- endfor -%}

  {{ return({
      'unique_key': unique_key,
      'updated_at': updated_at,
      'row_changed': '(' ~ (get_true_sql() if column_added else differences | join('\n or ')) ~ ')',
      'scd_id': snapshot_hash_arguments(([unique_key] if unique_key is string else unique_key) + [updated_at]),
      'invalidate_hard_deletes': hard_deletes == 'invalidate',
      'hard_deletes': hard_deletes
  }) }}
{% endmacro %}


{# Returns (is there a checked column that the table lacks, the quoted columns that both have). #}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) -%}
  {%- if not target_exists -%}
    {{ return((false, [])) }}
  {%- endif -%}

  {#- Asking the database gives the names as it spells them, whatever the config wrote. -#}
  {%- if check_cols_config == 'all' -%}
    {%- set checked = get_columns_in_query(node['compiled_code']) -%}
  {%- elif check_cols_config is iterable and check_cols_config is not string and check_cols_config | length > 0 -%}
    {%- set checked = get_columns_in_query(
        'select ' ~ check_cols_config | join(', ') ~ ' from (\n' ~ node['compiled_code'] ~ '\n) subq') -%}
  {%- else -%}
    {%- do exceptions.raise_compiler_error("Invalid value for 'check_cols': " ~ check_cols_config) -%}
  {%- endif -%}

  {%- set table = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) -%}
  {%- set existing = adapter.get_columns_in_relation(table) | map(attribute='name') | list -%}
  {%- set shared = [] -%}
  {%- for name in checked if name in existing -%}
    {%- do shared.append(adapter.quote(name)) -%}
  {%- endfor -%}
  {{ return((shared | length < checked | length, shared)) }}
{%- endmacro %}
