// SPDX-License-Identifier: Apache-2.0
//
// See faults.h.
#include "tests/apiserver/faults.h"

#include <algorithm>

namespace fairlead::apiserver {

// A body that a fault can reach while it is read. Must not outlive its Faults.
class SpoilableBody : public Body {
 public:
  SpoilableBody(Faults& faults, std::unique_ptr<Body> body, std::string plural, bool is_watch)
      : faults_(faults), body_(std::move(body)), plural_(std::move(plural)), is_watch_(is_watch) {
    faults_.running_.insert(this);
  }
  SpoilableBody(const SpoilableBody&) = delete;
  SpoilableBody& operator=(const SpoilableBody&) = delete;
  ~SpoilableBody() override { faults_.running_.erase(this); }

  void Spoil(const StreamFault& fault) {
    fault_ = fault;
    good_ = fault.after;
  }
  bool spoilt() const { return fault_.has_value(); }
  bool Fits(const Match& match) const { return match.Fits(plural_, is_watch_); }

  State Read(std::string& out, size_t room) override {
    if (!fault_) return body_->Read(out, room);
    // Read ahead of what may go, so that the end of the body is known.
    if (held_.size() < good_ + fault_->count && state_ != State::kEnd) {
      state_ = body_->Read(held_, room);
    }
    const size_t sent = std::min({good_, held_.size(), room});
    out.append(held_, 0, sent);
    held_.erase(0, sent);
    good_ -= sent;
    if (good_ > 0) return held_.empty() ? state_ : State::kMore;
    return AtFault(out);
  }

 private:
  State AtFault(std::string& out) {
    switch (fault_->kind) {
      case StreamFault::Kind::kCut:
        return State::kCut;
      case StreamFault::Kind::kEnd:
        return State::kEnd;
      case StreamFault::Kind::kStall:
        return State::kLater;
      case StreamFault::Kind::kDrip:
        return Drip(out);
      case StreamFault::Kind::kGarbage:
        out += fault_->bytes;
        fault_->kind = StreamFault::Kind::kDrip;  // from here on unhurt, and without a limit
        fault_->count = SIZE_MAX / 2;
        return State::kMore;
    }
    return State::kCut;
  }

  State Drip(std::string& out) {
    const bool unlimited = fault_->count == SIZE_MAX / 2;
    if (!unlimited && dripped_ == faults_.ticks_) return State::kLater;
    dripped_ = faults_.ticks_;
    const size_t sent = std::min(fault_->count, held_.size());
    out.append(held_, 0, sent);
    held_.erase(0, sent);
    if (held_.empty() && state_ != State::kMore) return state_;
    return unlimited ? State::kMore : State::kLater;
  }

  Faults& faults_;
  std::unique_ptr<Body> body_;
  std::string plural_;
  bool is_watch_;
  std::optional<StreamFault> fault_;
  size_t good_ = 0;   // bytes until the fault
  std::string held_;  // of the body, not yet sent
  State state_ = State::kMore;
  uint64_t dripped_ = 0;
};

bool Match::Fits(const std::string& request_plural, bool is_watch) const {
  return (plural.empty() || plural == request_plural) && watches.value_or(is_watch) == is_watch;
}

void Faults::SpoilRunning(const StreamFault& fault, Match match) {
  for (SpoilableBody* body : running_) {
    if (match.times <= 0) return;
    if (!body->Fits(match)) continue;
    body->Spoil(fault);
    --match.times;
  }
}

void Faults::Heal() {
  refusals_.clear();
  spoils_.clear();
  for (SpoilableBody* body : running_) {
    if (body->spoilt()) body->Spoil({.kind = StreamFault::Kind::kCut});
  }
}

int Faults::Running(const Match& match) const {
  return static_cast<int>(std::ranges::count_if(
      running_, [&](const SpoilableBody* body) { return body->Fits(match); }));
}

template <typename Fault>
std::optional<Fault> Faults::Take(std::list<Planned<Fault>>& planned, const std::string& plural,
                                  bool is_watch) {
  for (auto it = planned.begin(); it != planned.end(); ++it) {
    if (it->match.times <= 0 || !it->match.Fits(plural, is_watch)) continue;
    const Fault fault = it->fault;
    if (--it->match.times == 0) planned.erase(it);
    return fault;
  }
  return std::nullopt;
}

std::optional<Refusal> Faults::TakeRefusal(const std::string& plural, bool is_watch) {
  return Take(refusals_, plural, is_watch);
}

std::unique_ptr<Body> Faults::Wrap(std::unique_ptr<Body> body, const std::string& plural,
                                   bool is_watch) {
  auto wrapped = std::make_unique<SpoilableBody>(*this, std::move(body), plural, is_watch);
  if (const auto fault = Take(spoils_, plural, is_watch)) wrapped->Spoil(*fault);
  return wrapped;
}

}  // namespace fairlead::apiserver
