// The least that Node-API asks for what every addon does: a call, values in and out, a wake-up of JavaScript's thread.

#include <napi.h>
#include <uv.h>

#include <array>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace {

constexpr size_t kReplyLength = 300;
const std::array<char, kReplyLength> reply{};

void Empty(const Napi::CallbackInfo&) {}

Napi::Value EightNumbers(const Napi::CallbackInfo& info) {
  double sum = 0;
  for (size_t index = 0; index < 8; ++index) sum += info[index].As<Napi::Number>().DoubleValue();
  return Napi::Number::New(info.Env(), sum);
}

Napi::Value BufferIn(const Napi::CallbackInfo& info) {
  const auto buffer = info[0].As<Napi::Uint8Array>();
  return Napi::Number::New(info.Env(), buffer.ByteLength() + buffer.Data()[0]);
}

Napi::Value BufferOut(const Napi::CallbackInfo& info) {
  return Napi::Buffer<char>::Copy(info.Env(), reply.data(), reply.size());
}

/** Fills a buffer that JavaScript keeps. */
void FillLent(const Napi::CallbackInfo& info) {
  std::memcpy(info[0].As<Napi::Uint8Array>().Data(), reply.data(), reply.size());
}

Napi::Value ObjectOut(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("_id", 7);
  object.Set("name", "User Name 7");
  object.Set("email", "user7@example.com");
  object.Set("age", 27);
  object.Set("active", true);
  object.Set("score", 10.5);
  object.Set("created", 1700000000007.0);
  object.Set("note", "xxxxxxxxxxxxxxxxxxxx");
  return object;
}

/** A thread that does one thing at a time, when it is told to. */
class OtherThread {
 public:
  OtherThread() : thread_([this] { Run(); }) {}

  ~OtherThread() {
    Tell(nullptr, true);
    thread_.join();
  }

  void Tell(std::function<void()> work, bool ends = false) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      work_ = std::move(work);
      ends_ = ends;
    }
    told_.notify_one();
  }

 private:
  void Run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      told_.wait(lock, [this] { return work_ || ends_; });
      if (ends_) return;
      std::exchange(work_, nullptr)();
    }
  }

  std::mutex mutex_;
  std::condition_variable told_;
  std::function<void()> work_;
  bool ends_ = false;
  std::thread thread_;
};

/** Calls a function of JavaScript each time that it is woken, in one way or another, until it is closed. */
class Waker : public Napi::ObjectWrap<Waker> {
 public:
  static void Define(Napi::Env env, Napi::Object exports) {
    exports.Set("Waker", DefineClass(env, "Waker",
                                     {
                                         InstanceMethod<&Waker::SendHere>("sendHere"),
                                         InstanceMethod<&Waker::SendElsewhere>("sendElsewhere"),
                                         InstanceMethod<&Waker::CallElsewhere>("callElsewhere"),
                                         InstanceMethod<&Waker::Close>("close"),
                                     }));
  }

  explicit Waker(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<Waker>(info),
        context_(info.Env(), "floor"),
        callback_(Napi::Persistent(info[0].As<Napi::Function>())),
        function_(Napi::ThreadSafeFunction::New(info.Env(), info[0].As<Napi::Function>(), "floor", 0, 1)) {
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(info.Env(), &loop);
    async_ = new uv_async_t;
    uv_async_init(loop, async_, [](uv_async_t* async) {
      auto* waker = static_cast<Waker*>(async->data);
      Napi::HandleScope scope(waker->Env());
      waker->callback_.MakeCallback(waker->Value(), {}, waker->context_);
    });
    async_->data = this;
    Ref();
  }

 private:
  /** `uv_async_send` by JavaScript's own thread. */
  void SendHere(const Napi::CallbackInfo&) { uv_async_send(async_); }

  /** The same by another thread. */
  void SendElsewhere(const Napi::CallbackInfo&) {
    other_.Tell([this] { uv_async_send(async_); });
  }

  /** A thread-safe function, called by another thread. */
  void CallElsewhere(const Napi::CallbackInfo&) {
    other_.Tell([this] { function_.NonBlockingCall(); });
  }

  void Close(const Napi::CallbackInfo&) {
    function_.Release();
    uv_close(reinterpret_cast<uv_handle_t*>(async_), [](uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); });
    Unref();
  }

  Napi::AsyncContext context_;
  Napi::FunctionReference callback_;
  Napi::ThreadSafeFunction function_;
  uv_async_t* async_;
  OtherThread other_;
};

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("empty", Napi::Function::New<Empty>(env));
  exports.Set("eightNumbers", Napi::Function::New<EightNumbers>(env));
  exports.Set("bufferIn", Napi::Function::New<BufferIn>(env));
  exports.Set("bufferOut", Napi::Function::New<BufferOut>(env));
  exports.Set("fillLent", Napi::Function::New<FillLent>(env));
  exports.Set("objectOut", Napi::Function::New<ObjectOut>(env));
  Waker::Define(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(floor, Init)
