{#
  A Python model's code, followed by the function that writes its result. The result is registered under a name and
  read like a table, so pandas, Polars, Arrow and DuckDB's own relations all work the same.
#}

{% macro py_write_table(temporary, relation, compiled_code, partitioned_by=none, sorted_by=none) -%}
{%- set name = relation.include(database=(not temporary), schema=(not temporary)).render() -%}
{{ compiled_code }}


def materialize(df, con):
    if type(df).__module__.partition(".")[0] == "pyarrow":
        import pyarrow.dataset  # DuckDB scans Arrow tables through it

    result = "__dbt_python_model_df_{{ relation.identifier }}"
    con.register(result, df)
    {%- if partitioned_by or sorted_by %}
    # The layout has to be set before there are rows.
    con.execute('create table {{ name }} as select * from "' + result + '" where false')
    con.execute("""{{ ducklake_layout_statements(relation, partitioned_by, sorted_by) }}""")
    con.execute('insert into {{ name }} select * from "' + result + '"')
    {%- else %}
    con.execute('create {% if temporary %}temporary {% endif %}table {{ name }} as select * from "' + result + '"')
    {%- endif %}
    con.unregister(result)
{%- endmacro %}
