//! Native filters of mathematics.

use jaq_core::Exn;

use super::super::engine::{Call, Outputs};
use super::super::value::{Error, Value, ValueResult, fail};
use super::{Native, binary, nullary, one, with_values};

/// A function of one number.
fn f1<'a>(value: &Value, f: fn(f64) -> f64) -> Outputs<'a> {
    one(number(value).map(|x| Value::Float(f(x))))
}

/// A function of two numbers.
fn f2<'a>(call: Call<'_>, f: fn(f64, f64) -> f64) -> Outputs<'a> {
    let (_, first, second) = binary(call);
    one((|| Ok(Value::Float(f(number(&first)?, number(&second)?))))())
}

fn number(value: &Value) -> Result<f64, Error> {
    value
        .number()
        .ok_or_else(|| value.unsuitable("number required"))
}

/// Whether it is a number with this property.
fn is<'a>(value: &Value, property: fn(f64) -> bool) -> Outputs<'a> {
    one(Ok(Value::Bool(value.number().is_some_and(property))))
}

/// A number as an integer of C.
fn int(number: f64) -> i32 {
    number as i32
}

pub(super) fn natives() -> Vec<Native> {
    let mut natives = elementary();
    natives.extend(special());
    natives.extend(of_two());
    natives.extend(others());
    natives
}

fn elementary() -> Vec<Native> {
    vec![
        nullary("acos", |call| f1(&call.1, f64::acos)),
        nullary("acosh", |call| f1(&call.1, libm::acosh)),
        nullary("asin", |call| f1(&call.1, f64::asin)),
        nullary("asinh", |call| f1(&call.1, libm::asinh)),
        nullary("atan", |call| f1(&call.1, f64::atan)),
        nullary("atanh", |call| f1(&call.1, libm::atanh)),
        nullary("cbrt", |call| f1(&call.1, f64::cbrt)),
        nullary("ceil", |call| f1(&call.1, f64::ceil)),
        nullary("cos", |call| f1(&call.1, f64::cos)),
        nullary("cosh", |call| f1(&call.1, f64::cosh)),
        nullary("exp", |call| f1(&call.1, f64::exp)),
        nullary("exp10", |call| f1(&call.1, |x| f64::powf(10.0, x))),
        nullary("exp2", |call| f1(&call.1, f64::exp2)),
        nullary("expm1", |call| f1(&call.1, f64::exp_m1)),
        nullary("fabs", |call| f1(&call.1, f64::abs)),
        nullary("floor", |call| f1(&call.1, f64::floor)),
        nullary("log", |call| f1(&call.1, f64::ln)),
        nullary("log10", |call| f1(&call.1, f64::log10)),
        nullary("log1p", |call| f1(&call.1, f64::ln_1p)),
        nullary("log2", |call| f1(&call.1, f64::log2)),
        nullary("round", |call| f1(&call.1, f64::round)),
        nullary("sin", |call| f1(&call.1, f64::sin)),
        nullary("sinh", |call| f1(&call.1, f64::sinh)),
        nullary("sqrt", |call| f1(&call.1, f64::sqrt)),
        nullary("tan", |call| f1(&call.1, f64::tan)),
        nullary("tanh", |call| f1(&call.1, f64::tanh)),
        nullary("trunc", |call| f1(&call.1, f64::trunc)),
    ]
}

fn special() -> Vec<Native> {
    vec![
        nullary("erf", |call| f1(&call.1, libm::erf)),
        nullary("erfc", |call| f1(&call.1, libm::erfc)),
        nullary("gamma", |call| f1(&call.1, libm::lgamma)),
        nullary("j0", |call| f1(&call.1, libm::j0)),
        nullary("j1", |call| f1(&call.1, libm::j1)),
        nullary("lgamma", |call| f1(&call.1, libm::lgamma)),
        nullary("logb", |call| f1(&call.1, logb)),
        nullary("nearbyint", |call| f1(&call.1, f64::round_ties_even)),
        nullary("rint", |call| f1(&call.1, f64::round_ties_even)),
        nullary("significand", |call| f1(&call.1, significand)),
        nullary("tgamma", |call| f1(&call.1, libm::tgamma)),
        nullary("y0", |call| f1(&call.1, libm::y0)),
        nullary("y1", |call| f1(&call.1, libm::y1)),
    ]
}

fn of_two() -> Vec<Native> {
    vec![
        with_values("_atan2", 2, |call| f2(call, f64::atan2)),
        with_values("_copysign", 2, |call| f2(call, f64::copysign)),
        with_values("_drem", 2, |call| f2(call, libm::remainder)),
        with_values("_fdim", 2, |call| f2(call, libm::fdim)),
        with_values("_fmax", 2, |call| f2(call, libm::fmax)),
        with_values("_fmin", 2, |call| f2(call, libm::fmin)),
        with_values("_fmod", 2, |call| f2(call, libm::fmod)),
        with_values("_hypot", 2, |call| f2(call, f64::hypot)),
        with_values("_jn", 2, |call| f2(call, |n, x| libm::jn(int(n), x))),
        with_values("_ldexp", 2, |call| f2(call, |x, n| libm::ldexp(x, int(n)))),
        with_values("_nextafter", 2, |call| f2(call, libm::nextafter)),
        with_values("_pow", 2, |call| f2(call, f64::powf)),
        with_values("_scalb", 2, |call| f2(call, |x, n| libm::scalbn(x, int(n)))),
        with_values("_yn", 2, |call| f2(call, |n, x| libm::yn(int(n), x))),
    ]
}

fn others() -> Vec<Native> {
    vec![
        with_values("_fma", 3, |mut call| {
            let z = call.0.pop_var();
            let (_, x, y) = binary(call);
            one((|| {
                Ok(Value::Float(libm::fma(
                    number(&x)?,
                    number(&y)?,
                    number(&z)?,
                )))
            })())
        }),
        nullary("frexp", |call| {
            one(number(&call.1).map(|x| {
                let (fraction, exponent) = libm::frexp(x);
                let exponent = if x.is_finite() { exponent } else { 0 };
                vec![Value::Float(fraction), Value::Int(i64::from(exponent))].into()
            }))
        }),
        nullary("modf", |call| {
            one(number(&call.1).map(|x| {
                let fraction = if x.is_infinite() {
                    0.0_f64.copysign(x)
                } else {
                    x.fract().copysign(x)
                };
                vec![Value::Float(fraction), Value::Float(x.trunc())].into()
            }))
        }),
        nullary("lgamma_r", |call| {
            one(number(&call.1).map(|x| {
                let (value, sign) = libm::lgamma_r(x);
                vec![Value::Float(value), Value::Int(i64::from(sign))].into()
            }))
        }),
        nullary("abs", |call| one(abs(call.1))),
        nullary("infinite", |_| one(Ok(Value::Float(f64::INFINITY)))),
        nullary("nan", |_| one(Ok(Value::Float(f64::NAN)))),
        nullary("isinfinite", |call| is(&call.1, f64::is_infinite)),
        nullary("isnan", |call| is(&call.1, f64::is_nan)),
        nullary("isnormal", |call| is(&call.1, f64::is_normal)),
        with_values("_range", 3, |mut call| {
            let by = call.0.pop_var();
            let (_, from, upto) = binary(call);
            range(&from, &upto, &by)
        }),
    ]
}

fn logb(x: f64) -> f64 {
    match x {
        0.0 => f64::NEG_INFINITY,
        x if x.is_infinite() => f64::INFINITY,
        x if x.is_nan() => x,
        x => f64::from(libm::ilogb(x)),
    }
}

fn significand(x: f64) -> f64 {
    match x {
        x if x == 0.0 || !x.is_finite() => x,
        x => libm::scalbn(x, -libm::ilogb(x)),
    }
}

fn abs(value: Value) -> ValueResult {
    match &value {
        Value::Int(number) => Ok(Value::Int(number.abs())),
        Value::Float(number) if *number < 0.0 => Ok(Value::Float(-number)),
        Value::Float(_) => Ok(value),
        Value::Decimal(text) => match text.strip_prefix('-') {
            Some(positive) => Ok(Value::Decimal(positive.into())),
            None => Ok(value),
        },
        // As jq, which compares with 0: what sorts before numbers cannot be negated.
        Value::Null | Value::Bool(_) => Err(value.unsuitable("cannot be negated")),
        Value::Str(_) | Value::Array(_) | Value::Object(_) => Ok(value),
    }
}

/// The numbers from `from` up to `upto`, which is not among them.
fn range<'a>(from: &Value, upto: &Value, by: &Value) -> Outputs<'a> {
    let bounds = from.number().zip(upto.number()).zip(by.number());
    let Some(((from, upto), by)) = bounds else {
        let error = fail("Range bounds must be numeric");
        return Box::new(std::iter::once(Err(Exn::from(error))));
    };
    let mut next = from;
    Box::new(std::iter::from_fn(move || {
        let is_in = (by > 0.0 && next < upto) || (by < 0.0 && next > upto);
        is_in.then(|| {
            let value = next;
            next += by;
            let whole = value as i64;
            let is_whole = whole as f64 == value && whole.unsigned_abs() < 1 << 53;
            Ok(match is_whole && (whole != 0 || value.is_sign_positive()) {
                true => Value::Int(whole),
                false => Value::Float(value),
            })
        })
    }))
}
