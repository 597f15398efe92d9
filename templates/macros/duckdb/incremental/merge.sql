{#
  `merge into`, with everything DuckDB offers. Without further configuration matched rows are updated and others
  inserted, by the names of their columns; `merge_clauses` takes full control of what happens to which rows.
#}

{% macro duckdb__get_incremental_merge_sql(args_dict) %}
  {{ return(duckdb__get_merge_sql(
      args_dict['target_relation'], args_dict['temp_relation'], args_dict['unique_key'],
      args_dict['dest_columns'], normalize_incremental_predicates(args_dict.get('incremental_predicates')))) }}
{% endmacro %}


{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {%- do validate_merge_config(config, target) -%}
  {#- A side that `merge_clauses` does not mention keeps its default. -#}
  {%- set clauses = merge_clause_defaults(
      config.get('merge_update_condition'),
      config.get('merge_insert_condition'),
      config.get('merge_update_columns', []),
      config.get('merge_exclude_columns', []),
      config.get('merge_update_set_expressions', {})) -%}
  {%- do clauses.update(config.get('merge_clauses') or {}) -%}
  {%- set returning = config.get('merge_returning_columns') or [] %}

  merge into {{ target }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  {{ duckdb__merge_join_clause(
      unique_key, config.get('merge_on_using_columns'), normalize_incremental_predicates(incremental_predicates)) }}

  {%- for clause in clauses.get('when_matched') or [] %}
  when matched
    {%- if clause.get('condition') %} and ({{ clause.condition }}){% endif %}
    then {{ duckdb__merge_matched_action(clause, dest_columns) }}
  {%- endfor %}

  {%- for clause in clauses.get('when_not_matched') or [] %}
  when not matched{{ ' by ' ~ clause.by if clause.get('by') else '' }}
    {%- if clause.get('condition') %} and ({{ clause.condition }}){% endif %}
    then {{ duckdb__merge_not_matched_action(clause, dest_columns) }}
  {%- endfor %}

  {%- if returning %}
  returning {{ returning | join(', ') }}
  {%- endif %}
{%- endmacro %}


{# How a row of the source finds its row in the target; without a key it finds none. #}
{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) -%}
  {%- if merge_on_using_columns -%}
    using ({{ merge_on_using_columns | join(', ') }})
  {%- else -%}
    {%- set keys = [unique_key] if unique_key is string else (unique_key or []) -%}
    {%- set conditions = [] -%}
    {%- for key in keys -%}
      {%- do conditions.append('(DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key ~ ')') -%}
    {%- endfor -%}
    {%- if not keys -%}
      {%- do conditions.append('(FALSE)') -%}
    {%- endif -%}
    {%- for predicate in incremental_predicates or [] -%}
      {%- do conditions.append('(' ~ predicate ~ ')') -%}
    {%- endfor -%}
    on {{ conditions | join(' and ') }}
  {%- endif -%}
{%- endmacro %}


{# The action of a `when matched` clause. #}
{% macro duckdb__merge_matched_action(clause, dest_columns) -%}
  {%- set action = clause.get('action', 'update') -%}
  {%- set mode = clause.get('mode') or ('explicit' if clause.get('update') else 'by_name') -%}
  {%- if action == 'update' and mode == 'explicit' -%}
    update set {{ duckdb__merge_assignments(clause, dest_columns) }}
  {%- elif action == 'update' and mode == 'star' -%}
    update set *
  {%- elif action == 'update' -%}
    update {{ mode | replace('_', ' ') }}
  {%- else -%}
    {{ duckdb__merge_plain_action(clause) }}
  {%- endif -%}
{%- endmacro %}


{# `column = value` for an explicit update: the chosen columns take the source's value, unless an expression is given. #}
{% macro duckdb__merge_assignments(clause, dest_columns) -%}
  {%- set update = clause.get('update') or {} -%}
  {%- set expressions = update.get('set_expressions') or {} -%}
  {%- set assignments = [] -%}
  {%- for column in get_merge_update_columns(update.get('include'), update.get('exclude'), dest_columns)
      if column | replace('"', '') not in expressions -%}
    {%- do assignments.append(column ~ ' = DBT_INTERNAL_SOURCE.' ~ column) -%}
  {%- endfor -%}
  {%- for column, expression in expressions.items() -%}
    {%- do assignments.append(column ~ ' = ' ~ expression) -%}
  {%- endfor -%}
  {{ assignments | join(', ') }}
{%- endmacro %}


{# The action of a `when not matched` clause. #}
{% macro duckdb__merge_not_matched_action(clause, dest_columns) -%}
  {%- set action = clause.get('action', 'insert') -%}
  {%- set mode = clause.get('mode') or ('explicit' if clause.get('insert') else 'by_name') -%}
  {%- if action == 'insert' and mode == 'explicit' -%}
    {%- set insert = clause.get('insert') or {} -%}
    insert ({{ insert.get('columns', []) | join(', ') }}) values ({{ insert.get('values', []) | join(', ') }})
  {%- elif action == 'insert' and mode == 'star' -%}
    insert *
  {%- elif action == 'insert' -%}
    insert {{ mode | replace('_', ' ') }}
  {%- elif action == 'update' -%}
    {#- Of a target row that the source lacks: there is nothing to copy, so only expressions make sense. -#}
    {%- set expressions = clause.get('set_expressions') or (clause.get('update') or {}).get('set_expressions') or {} -%}
    {%- set assignments = [] -%}
    {%- for column, expression in expressions.items() -%}
      {%- do assignments.append(column ~ ' = ' ~ expression) -%}
    {%- endfor -%}
    update set {{ assignments | join(', ') }}
  {%- else -%}
    {{ duckdb__merge_plain_action(clause) }}
  {%- endif -%}
{%- endmacro %}


{% macro duckdb__merge_plain_action(clause) -%}
  {%- set action = clause.get('action') -%}
  {%- if action == 'error' -%}
    error{% if clause.get('error_message') %} '{{ clause.error_message | replace("'", "''") }}'{% endif %}
  {%- else -%}
    {{ action | replace('_', ' ') }}
  {%- endif -%}
{%- endmacro %}
