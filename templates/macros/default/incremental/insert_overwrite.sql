{# Replaces whole parts of a table, chosen by predicates, by means of a merge that never matches. #}

{% macro get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header=false) -%}
  {{ return(adapter.dispatch('get_insert_overwrite_merge_sql', 'dbt')(
      target, source, dest_columns, predicates, include_sql_header)) }}
{%- endmacro %}

{# The header is left out by default: it belongs to the statement that made the source. #}
{% macro default__get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- if include_sql_header -%}
    {{ config.get('sql_header', none) or '' }}
  {%- endif %}

  merge into {{ target }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  on FALSE

  when not matched by source
    {%- if predicates %} and {{ predicates | join(' and ') }}{% endif %}
    then delete

  when not matched then insert
    ({{ columns }})
  values
    ({{ columns }})
{%- endmacro %}
