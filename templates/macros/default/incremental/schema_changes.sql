{#
  `on_schema_change`: what to do when the columns of an incremental model and of its table have come apart.
    ignore              use the columns of the table
    fail                stop, and say what differs
    append_new_columns  add what the model has and the table lacks
    sync_all_columns    also drop what the model lacks, and change types
#}

{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') %}
  {%- if on_schema_change in ['sync_all_columns', 'append_new_columns', 'fail', 'ignore'] -%}
    {{ return(on_schema_change) }}
  {%- endif -%}
  {%- do log('Invalid value for on_schema_change (' ~ on_schema_change ~ ') specified. Setting default value of '
             ~ default ~ '.') -%}
  {{ return(default) }}
{% endmacro %}


{# Makes the table fit; returns the columns to load, or {} where the table's own columns are to be used. #}
{% macro process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {{ return(adapter.dispatch('process_schema_changes', 'dbt')(on_schema_change, source_relation, target_relation)) }}
{% endmacro %}

{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) %}
  {%- if on_schema_change == 'ignore' -%}
    {{ return({}) }}
  {%- endif -%}

  {%- set changes = check_for_schema_changes(source_relation, target_relation) -%}
  {%- if changes['schema_changed'] -%}
    {%- if on_schema_change == 'fail' -%}
      {%- do exceptions.raise_compiler_error(
          'The columns of this incremental model and of its table have come apart, and `on_schema_change` is `fail`.\n'
          ~ '  new in the model: ' ~ describe_columns(changes['source_not_in_target']) ~ '\n'
          ~ '  only in the table: ' ~ describe_columns(changes['target_not_in_source']) ~ '\n'
          ~ '  with a new type: ' ~ (changes['new_target_types'] | map(attribute='column_name') | join(', ') or 'none') ~ '\n'
          ~ 'Set `on_schema_change` to `append_new_columns` or `sync_all_columns`, run with --full-refresh, '
          ~ 'or change the table by hand.') -%}
    {%- endif -%}
    {%- do sync_column_schemas(on_schema_change, target_relation, changes) -%}
  {%- endif -%}
  {{ return(changes['source_columns']) }}
{% endmacro %}


{# Columns for a message: `name type, name type`. #}
{% macro describe_columns(columns) -%}
  {%- for column in columns -%}
    {{ column.name }} {{ column.data_type }}
    {%- if not loop.last %}, {% endif -%}
  {%- else -%}
    none
  {%- endfor -%}
{%- endmacro %}


{# Compares both relations' columns. #}
{% macro check_for_schema_changes(source_relation, target_relation) %}
  {{ return(adapter.dispatch('check_for_schema_changes', 'dbt')(source_relation, target_relation)) }}
{% endmacro %}

{% macro default__check_for_schema_changes(source_relation, target_relation) %}
  {%- set source_columns = adapter.get_columns_in_relation(source_relation) -%}
  {%- set target_columns = adapter.get_columns_in_relation(target_relation) -%}
  {%- set added = diff_columns(source_columns, target_columns) -%}
  {%- set removed = diff_columns(target_columns, source_columns) -%}
  {%- set retyped = diff_column_data_types(source_columns, target_columns) -%}
  {%- set changed = (added or removed or retyped) | length > 0 -%}

  {%- if changed -%}
    {%- do log('In ' ~ target_relation ~ ': new in the model: ' ~ describe_columns(added)
               ~ '; only in the table: ' ~ describe_columns(removed) ~ '; new types: ' ~ retyped) -%}
  {%- endif -%}

  {{ return({
      'schema_changed': changed,
      'source_not_in_target': added,
      'target_not_in_source': removed,
      'source_columns': source_columns,
      'target_columns': target_columns,
      'new_target_types': retyped
  }) }}
{% endmacro %}


{# Alters the table by the result of `check_for_schema_changes`. #}
{% macro sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {{ return(adapter.dispatch('sync_column_schemas', 'dbt')(on_schema_change, target_relation, schema_changes_dict)) }}
{% endmacro %}

{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
  {%- set to_add = schema_changes_dict['source_not_in_target'] -%}

  {%- if on_schema_change == 'append_new_columns' -%}
    {%- if to_add -%}
      {%- do alter_relation_add_remove_columns(target_relation, to_add, none) -%}
    {%- endif -%}

  {%- elif on_schema_change == 'sync_all_columns' -%}
    {%- set to_remove = schema_changes_dict['target_not_in_source'] -%}
    {%- if to_add or to_remove -%}
      {%- do alter_relation_add_remove_columns(target_relation, to_add, to_remove) -%}
    {%- endif -%}
    {%- for change in schema_changes_dict['new_target_types'] -%}
      {%- do alter_column_type(target_relation, change['column_name'], change['new_type']) -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}
