//! Exact money.

use crate::errors::{OrRaise, invalid};
use crm_core::{Currency, Decimal, Value};
use pyo3::class::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};

/// An exact amount in one currency.
///
/// Args:
///     amount: as `decimal.Decimal`, `int` or `str`, in the currency's main unit: `"12.50"` are 12 shillings and 50
///         cents. More decimals than the currency has are refused (JPY has none, KWD three).
///     currency: the code of ISO 4217: `"KES"`.
///
/// Raises:
///     InvalidError: `currency` for an unknown code, `amount` for one with too many decimals.
///
/// >>> from crm import Money
/// >>> price = Money("12.50", "KES")
/// >>> price.minor, price.currency
/// (1250, 'KES')
/// >>> price + Money(1, "KES")
/// Money('13.50', 'KES')
#[pyclass(module = "crm", frozen)]
#[derive(Clone, Copy)]
pub(crate) struct Money(pub(crate) crm_core::Money);

pub(crate) fn currency_of(code: &str) -> PyResult<Currency> {
    Currency::from_code(code)
        .ok_or_else(|| invalid("currency", "unknown", format!("{code:?} is no currency code of ISO 4217")))
}

#[pymethods]
impl Money {
    #[new]
    fn new(amount: &Bound<'_, PyAny>, currency: &str) -> PyResult<Self> {
        let currency = currency_of(currency)?;
        let amount = match crate::value::from_py(amount)? {
            Value::Int(whole) => Decimal::from(whole),
            Value::Decimal(amount) => amount,
            Value::Text(text) => return crm_core::Money::parse(&text, currency).or_raise().map(Money),
            _ => return Err(PyTypeError::new_err("an amount is a decimal.Decimal, an int or a str")),
        };
        crm_core::Money::from_decimal(amount, currency).or_raise().map(Money)
    }

    /// An amount in the currency's smallest unit.
    ///
    /// >>> Money.of_minor(1250, "KES")
    /// Money('12.50', 'KES')
    #[staticmethod]
    fn of_minor(minor: i64, currency: &str) -> PyResult<Self> {
        Ok(Money(crm_core::Money::new(minor, currency_of(currency)?)))
    }

    /// The amount in the currency's main unit.
    #[getter]
    fn amount(&self) -> Decimal {
        self.0.to_decimal()
    }

    /// The amount in the currency's smallest unit.
    #[getter]
    fn minor(&self) -> i64 {
        self.0.minor
    }

    /// The code of ISO 4217.
    #[getter]
    fn currency(&self) -> &'static str {
        self.0.currency.code()
    }

    #[classattr]
    fn __match_args__() -> (&'static str, &'static str) {
        ("amount", "currency")
    }

    fn __add__(&self, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = other.py();
        match other.cast::<Money>() {
            Ok(other) => {
                let sum = self.0.checked_add(other.get().0).or_raise()?;
                Ok(Py::new(py, Money(sum))?.into_any())
            }
            Err(_) => Ok(py.NotImplemented()),
        }
    }

    fn __neg__(&self) -> PyResult<Self> {
        let minor = self.0.minor.checked_neg();
        let minor = minor.ok_or_else(|| invalid("amount", "too_large", "the amount is too large"))?;
        Ok(Money(crm_core::Money { minor, ..self.0 }))
    }

    fn __sub__(&self, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        match other.cast::<Money>() {
            Ok(other) => {
                let negative = Py::new(other.py(), other.get().__neg__()?)?;
                self.__add__(negative.bind(other.py()))
            }
            Err(_) => Ok(other.py().NotImplemented()),
        }
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, op: CompareOp) -> Py<PyAny> {
        let py = other.py();
        let Ok(other) = other.cast::<Money>() else { return py.NotImplemented() };
        let (one, other) = (self.0, other.get().0);
        let same = one.currency == other.currency;
        // Amounts in two currencies have no order.
        if !same && !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return py.NotImplemented();
        }
        let holds = match op {
            CompareOp::Eq => one == other,
            CompareOp::Ne => one != other,
            _ => op.matches(one.minor.cmp(&other.minor)),
        };
        pyo3::types::PyBool::new(py, holds).to_owned().into_any().unbind()
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.0.minor, self.0.currency.code()).hash(&mut hasher);
        hasher.finish()
    }

    fn __bool__(&self) -> bool {
        self.0.minor != 0
    }

    fn __repr__(&self) -> String {
        format!("Money('{}', '{}')", self.0.to_decimal(), self.currency())
    }

    fn __str__(&self) -> String {
        format!("{} {}", self.0.to_decimal(), self.currency())
    }

    fn __getnewargs__(&self) -> (String, &'static str) {
        (self.0.to_decimal().to_string(), self.currency())
    }
}
