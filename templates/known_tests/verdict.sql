select count(*) as failures, count(*) $warning as should_warn, count(*) $error as should_error
from ($query) dbt_internal_test
