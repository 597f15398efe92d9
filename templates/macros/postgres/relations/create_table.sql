{#
  `create table as`. Under a contract the table is created from the declared columns, so that its constraints exist
  before the rows do. A temporary table only carries rows to such a table and needs no constraints; a foreign key it
  could not even have. An unlogged table is faster to write and is emptied by a crash of the server.
#}

{% macro postgres__create_table_as(temporary, relation, sql) -%}
  {%- set contract = config.get('contract') -%}
  {%- if contract.enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
  {%- endif -%}
  {{ config.get('sql_header', none) or '' }}

  create {% if temporary %}temporary {% elif config.get('unlogged', default=false) %}unlogged {% endif -%} table {{ relation.render() }}
  {%- if contract.enforced and not temporary %}
  {{ get_table_columns_and_constraints() }};
  insert into {{ relation.render() }} ({{ adapter.dispatch('get_column_names', 'dbt')() }})
  (
    {{ get_select_subquery(sql) }}
  );
  {%- else %} as (
    {{ sql }}
  );
  {%- endif -%}
{%- endmacro %}
