{# Replacing in place. #}

{% macro postgres__get_replace_table_sql(relation, sql) -%}
  {%- set contract = config.get('contract') -%}
  {{ config.get('sql_header', none) or '' }}

  create or replace table {{ relation.render() }}
  {%- if contract.enforced %}
  {{ get_assert_columns_equivalent(sql) }}
  {{ get_table_columns_and_constraints() }}
  {%- set sql = get_select_subquery(sql) %}
  {%- endif %} as (
    {{ sql }}
  );
{%- endmacro %}


{% macro postgres__get_replace_view_sql(relation, sql) -%}
  {{ config.get('sql_header', none) or '' }}

  create or replace view {{ relation.render() }}
  {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
  {%- endif %} as (
    {{ sql }}
  );
{%- endmacro %}
