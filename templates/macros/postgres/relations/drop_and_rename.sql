{# Dropping takes dependent views along; renaming keeps indexes and dependents. #}

{% macro postgres__drop_table(relation) -%}
  drop table if exists {{ relation.render() }} cascade
{%- endmacro %}

{% macro postgres__drop_view(relation) -%}
  drop view if exists {{ relation.render() }} cascade
{%- endmacro %}

{% macro postgres__drop_materialized_view(relation) -%}
  drop materialized view if exists {{ relation.render() }} cascade
{%- endmacro %}


{% macro postgres__get_rename_table_sql(relation, new_name) -%}
  alter table {{ relation.render() }} rename to {{ new_name }}
{%- endmacro %}

{% macro postgres__get_rename_view_sql(relation, new_name) -%}
  alter view {{ relation.render() }} rename to {{ new_name }}
{%- endmacro %}

{% macro postgres__get_rename_materialized_view_sql(relation, new_name) -%}
  alter materialized view {{ relation.render() }} rename to {{ new_name }}
{%- endmacro %}
