{#
  A data test. Its query selects the failing rows; with `store_failures` they are first kept as a table or view, which
  is then counted instead, so that the count and the kept rows agree.
#}

{%- materialization test, default -%}
  {%- set relations = [] -%}
  {%- set failing_rows = get_limit_subquery_sql(sql, config.get('limit')) -%}

  {%- if should_store_failures() -%}
    {%- set kept_as = config.get('store_failures_as') or 'table' -%}
    {%- if kept_as not in ['table', 'view'] -%}
      {%- do exceptions.raise_compiler_error(
          "'" ~ kept_as ~ "' is not a valid value for `store_failures_as`. "
          ~ "Accepted values are: ['ephemeral', 'table', 'view']") -%}
    {%- endif -%}

    {%- set previous = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
    {%- set kept = api.Relation.create(
        database=database, schema=schema, identifier=model['alias'], type=kept_as) -%}
    {%- if previous -%}
      {%- do adapter.drop_relation(previous) -%}
    {%- endif -%}

    {%- call statement(auto_begin=True) -%}
      {{ get_create_sql(kept, failing_rows) }}
    {%- endcall -%}
    {%- do relations.append(kept) -%}
    {{- adapter.commit() -}}

    {%- set failing_rows = 'select * from ' ~ kept -%}
  {%- endif -%}

  {#- One question needs no transaction around it. -#}
  {%- call statement('main', fetch_result=True, auto_begin=False) -%}
    {{ get_test_sql(failing_rows, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), none) }}
  {%- endcall -%}

  {{ return({'relations': relations}) }}
{%- endmaterialization -%}
