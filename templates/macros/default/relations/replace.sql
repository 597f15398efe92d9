{#
  Replacing an existing relation by a new one, possibly of another type, as gently as both types allow: a native
  replace, else a swap by renaming both, else by renaming one, else drop and create.
#}

{%- macro get_replace_sql(existing_relation, target_relation, sql) -%}
  {%- do log('Applying REPLACE to: ' ~ target_relation) -%}
  {{ return(adapter.dispatch('get_replace_sql', 'dbt')(existing_relation, target_relation, sql)) }}
{%- endmacro -%}

{%- macro default__get_replace_sql(existing_relation, target_relation, sql) -%}
  {%- set same_type = existing_relation.type == target_relation.type -%}

  {%- if same_type and target_relation.can_be_replaced and target_relation.is_view -%}
    {{ get_replace_view_sql(target_relation, sql) }}
  {%- elif same_type and target_relation.can_be_replaced and target_relation.is_table -%}
    {{ get_replace_table_sql(target_relation, sql) }}
  {%- elif same_type and target_relation.can_be_replaced and target_relation.is_materialized_view -%}
    {{ get_replace_materialized_view_sql(target_relation, sql) }}

  {%- elif target_relation.can_be_renamed and existing_relation.can_be_renamed -%}
    {{ get_create_intermediate_sql(target_relation, sql) }};
    {{ get_create_backup_sql(existing_relation) }};
    {{ get_rename_intermediate_sql(target_relation) }};
    {{ get_drop_backup_sql(existing_relation) }}

  {%- elif target_relation.can_be_renamed -%}
    {{ get_create_intermediate_sql(target_relation, sql) }};
    {{ get_drop_sql(existing_relation) }};
    {{ get_rename_intermediate_sql(target_relation) }}

  {%- elif existing_relation.can_be_renamed -%}
    {{ get_create_backup_sql(existing_relation) }};
    {{ get_create_sql(target_relation, sql) }};
    {{ get_drop_backup_sql(existing_relation) }}

  {%- else -%}
    {{ get_drop_sql(existing_relation) }};
    {{ get_create_sql(target_relation, sql) }}
  {%- endif -%}
{%- endmacro -%}


{% macro get_replace_table_sql(relation, sql) -%}
  {{ return(adapter.dispatch('get_replace_table_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_replace_table_sql(relation, sql) -%}
  {%- do exceptions.raise_compiler_error('`get_replace_table_sql` is not implemented for this adapter') -%}
{%- endmacro %}


{% macro get_replace_view_sql(relation, sql) -%}
  {{ return(adapter.dispatch('get_replace_view_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_replace_view_sql(relation, sql) -%}
  {%- do exceptions.raise_compiler_error('`get_replace_view_sql` is not implemented for this adapter') -%}
{%- endmacro %}


{% macro get_replace_materialized_view_sql(relation, sql) -%}
  {{ return(adapter.dispatch('get_replace_materialized_view_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_replace_materialized_view_sql(relation, sql) -%}
  {%- do exceptions.raise_compiler_error('`get_replace_materialized_view_sql` is not implemented for this adapter') -%}
{%- endmacro %}


{#
  Gives an existing view the definition that was created under the intermediate name, which is dropped then. Answers
  false, with nothing changed, where that cannot be done or is not worth it: the two have to change names.
#}
{% macro replace_view_in_place(existing_relation, intermediate_relation) %}
  {{ return(adapter.dispatch('replace_view_in_place', 'dbt')(existing_relation, intermediate_relation)) }}
{% endmacro %}

{% macro default__replace_view_in_place(existing_relation, intermediate_relation) %}
  {{ return(False) }}
{% endmacro %}
