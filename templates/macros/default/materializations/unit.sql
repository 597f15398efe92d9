{#
  A unit test. The model, fed with fixtures, is first turned into an empty temporary table, only to learn the types of
  its columns; then actual and expected rows are fetched together.
#}

{%- materialization unit, default -%}
  {%- set expected_rows = config.get('expected_rows') -%}
  {%- set expected_sql = config.get('expected_sql') -%}

  {#- Rows name the columns they compare; a query is compared in all columns of the model. -#}
  {%- set expected_names = (expected_rows[0].keys() | list) if expected_rows else get_columns_in_query(sql) -%}

  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set probe = make_temp_relation(target_relation) -%}
  {%- do run_query(get_create_table_as_sql(True, probe, get_empty_subquery_sql(sql))) -%}

  {%- set types = {} -%}
  {%- set quoted = {} -%}
  {%- for column in adapter.get_columns_in_relation(probe) -%}
    {%- do types.update({column.name | lower: column.data_type}) -%}
    {%- do quoted.update({column.name | lower: column.quoted}) -%}
  {%- endfor -%}

  {%- set compared = [] -%}
  {%- for name in expected_names -%}
    {%- do compared.append(quoted.get(name | lower, name)) -%}
  {%- endfor -%}

  {%- if not expected_sql -%}
    {%- set expected_sql = get_expected_sql(expected_rows, types, quoted) -%}
  {%- endif -%}

  {%- call statement('main', fetch_result=True) -%}
    {{ get_unit_test_sql(sql, expected_sql, compared) }}
  {%- endcall -%}

  {%- do adapter.drop_relation(probe) -%}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}
