{#
    Copies the files behind the sources into Postgres, which cannot read them:

        tidegate run-operation load_sources --target load_postgres
-#}
{% macro load_sources() -%}
    {%- if execute -%}
        {%- for table in graph.sources.values() -%}
            {%- set copied = api.Relation.create(database='warehouse', schema=table.schema, identifier=table.identifier) -%}
            {%- do run_query('create schema if not exists warehouse.' ~ table.schema) -%}
            {%- do run_query('drop table if exists ' ~ copied) -%}
            {%- do run_query('create table ' ~ copied ~ ' as from ' ~ source(table.source_name, table.name)) -%}
            {%- do log('loaded ' ~ table.schema ~ '.' ~ table.identifier, info=true) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
