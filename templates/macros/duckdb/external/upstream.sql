{#
  For `on-run-start`: makes external models that this run reads, but does not build, known to the database, as views
  over their files. So a run of some models works in a database that is empty, or in memory.
#}

{%- macro register_upstream_external_models() -%}
  {%- if execute -%}
    {%- set upstream = {} -%}
    {%- for id in selected_resources if id in graph.nodes -%}
      {%- for parent in graph.nodes[id].depends_on.nodes
          if parent not in selected_resources and parent in graph.nodes -%}
        {%- set node = graph.nodes[parent] -%}
        {%- if node.resource_type in ['model', 'seed'] and node.config.materialized == 'external' -%}
          {%- do upstream.update({parent: node}) -%}
        {%- endif -%}
      {%- endfor -%}
    {%- endfor -%}

    {%- set schemas = [] -%}
    {%- for node in upstream.values() -%}
      {%- set relation = api.Relation.create(
          database=node.database, schema=node.schema, identifier=node.alias, type='view') -%}
      {%- set location = render(node.config.get('location', external_location(relation, node.config))) -%}
      {%- set options = external_options_with_format(location, render_write_options(node.config)) -%}

      {%- set schema = relation.without_identifier() | string -%}
      {%- if schema not in schemas -%}
        {%- call statement('main') -%}
          create schema if not exists {{ schema }}
        {%- endcall -%}
        {%- do schemas.append(schema) -%}
      {%- endif -%}

      {%- call statement('main') -%}
        create or replace view {{ relation.render() }} as (
          {{ external_read_query(location, options, node.config) }}
        );
      {%- endcall -%}
    {%- endfor -%}
    {%- do adapter.commit() -%}
  {%- endif -%}
{%- endmacro -%}
