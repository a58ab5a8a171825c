package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/s3store"
)

// bucket keeps uploads in a bucket of an S3 server, by tusd's own store: ID, ID.info and, until a part is full, ID.part.
//
// A kill of the hub, or an S3 server that fails, can take back what that store had said it has: it replaces the piece that is
// less than a part by deleting it first, and counts parts by their sizes. So a box believes only what HEAD says, keeps all it
// has until the hub has compared it, and has an upload deleted that comes to no end (Outbox). sync heals what is finished for
// tus and not for S3.
type bucket struct {
	s3store.S3Store
	client *s3.Client
}

// partSize is the least that S3 takes for a part, in bytes.
const partSize = 5 << 20

// The variables that tell where the S3 server is and who we are there, as other programs have them.
const (
	envKey      = "AWS_ACCESS_KEY_ID"
	envSecret   = "AWS_SECRET_ACCESS_KEY"
	envEndpoint = "AWS_ENDPOINT_URL"
	envRegion   = "AWS_REGION"
)

// openBucket dials nothing yet: a server that is away now may be there when a box sends something. temp is a folder for the parts
// that are under way; what is in it is deleted.
func openBucket(name, temp string) (store, error) {
	key, secret := os.Getenv(envKey), os.Getenv(envSecret)
	if key == "" || secret == "" {
		return nil, fmt.Errorf("s3://%s needs the keys of the S3 server in the environment: %s and %s; and %s for one that is not Amazon's", name, envKey, envSecret, envEndpoint)
	}
	if err := errors.Join(os.RemoveAll(temp), os.MkdirAll(temp, 0o700)); err != nil {
		return nil, fmt.Errorf("make a folder for parts under way: %w", err)
	}
	options := s3.Options{Region: "us-east-1", UsePathStyle: true, // which every server understands
		Credentials:                aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(key, secret, "")),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired}
	if region := os.Getenv(envRegion); region != "" {
		options.Region = region
	}
	if endpoint := os.Getenv(envEndpoint); endpoint != "" {
		options.BaseEndpoint = aws.String(endpoint)
	}
	client := s3.New(options)
	s := s3store.New(name, client)
	s.MinPartSize, s.PreferredPartSize, s.MaxBufferedParts, s.TemporaryDirectory = partSize, partSize, 1, temp
	return bucket{s, client}, nil
}

// object is an upload by our own id; tusd's has the id of the upload in parts behind it, which a box cannot know.
type object struct {
	handler.Upload
	id string
}

func (o *object) GetInfo(ctx context.Context) (handler.FileInfo, error) {
	info, err := o.Upload.GetInfo(ctx)
	info.ID = o.id
	return info, err
}

func (b bucket) useIn(c *handler.StoreComposer) {
	c.UseCore(b)
	c.UseTerminater(b)
	c.UseLengthDeferrer(b)
	c.UseContentServer(b)
}

func (b bucket) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	u, err := b.S3Store.NewUpload(ctx, info)
	if err != nil {
		return nil, err
	}
	return &object{u, info.ID}, nil
}

// maxInfo is the longest ID.info that is read, in bytes.
const maxInfo = 64 << 10

// GetUpload finds the upload in parts by the .info of our own id.
func (b bucket) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	got, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(b.Bucket), Key: aws.String(id + ".info")})
	if notThere(err) {
		return nil, handler.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("reach the bucket: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(got.Body, maxInfo))
	if err = errors.Join(err, got.Body.Close()); err != nil {
		return nil, fmt.Errorf("read from the bucket: %w", err)
	}
	var info handler.FileInfo
	if json.Unmarshal(text, &info) != nil || !strings.HasPrefix(info.ID, id+"+") {
		return nil, handler.ErrNotFound // no upload of ours: its box makes it anew
	}
	u, err := b.S3Store.GetUpload(ctx, info.ID)
	if err != nil {
		return nil, err
	}
	return &object{u, id}, nil
}

func notThere(err error) bool {
	var told smithy.APIError
	return errors.As(err, &told) && (told.ErrorCode() == "NoSuchKey" || told.ErrorCode() == "NotFound")
}

func inner(u handler.Upload) handler.Upload {
	if o, ok := u.(*object); ok {
		return o.Upload
	}
	return u
}

func (b bucket) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload {
	return b.S3Store.AsTerminatableUpload(inner(u))
}

func (b bucket) AsLengthDeclarableUpload(u handler.Upload) handler.LengthDeclarableUpload {
	return b.S3Store.AsLengthDeclarableUpload(inner(u))
}

func (b bucket) AsServableUpload(u handler.Upload) handler.ServableUpload {
	return b.S3Store.AsServableUpload(inner(u))
}

// free is without a limit that we would know of.
func (b bucket) free() (int64, error) { return math.MaxInt64, nil }

// slice is how much a box should send at once: what is less than a part is stored again with each of its pieces.
func (b bucket) slice() int64 { return partSize }

// sync makes one object of an upload of which the hub was killed before it could.
func (b bucket) sync(ctx context.Context, info handler.FileInfo) error {
	_, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(b.Bucket), Key: aws.String(info.ID)})
	if !notThere(err) {
		return err
	}
	u, err := b.GetUpload(ctx, info.ID)
	if err != nil {
		return err
	}
	if err := u.FinishUpload(ctx); err != nil {
		return fmt.Errorf("finish the upload in the bucket: %w", err)
	}
	return nil
}

func (b bucket) String() string { return "s3://" + b.Bucket }

// tempOf is a folder beside a hub's own things for what is on its way to a bucket.
func tempOf(dir string) string { return filepath.Join(dir, "parts") }
