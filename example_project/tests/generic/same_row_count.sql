{# Fails if two relations differ in their number of rows. #}
{% test same_row_count(model, as_model) %}

with counts as (

    select
        (select count(*) from {{ model }}) as row_count,
        (select count(*) from {{ as_model }}) as expected_row_count

)

select * from counts where row_count <> expected_row_count

{% endtest %}
